package catalog

func calendar() []Tool {
	return []Tool{
		{Name: "create_event", Description: "Put an event into the calendar.",
			Params: []Param{
				{"title", "title of the event", oneOf(eventTitles), ""},
				{"date", "YYYY-MM-DD", date(), ""},
				{"time", "start, HH:MM of 24 hours", clock(), ""},
				{"duration_minutes", "length in minutes", integer(15, 180, 15), "for {duration_minutes} minutes"},
				{"attendees", "first names of who is invited", several(people, 1, 3), "with {attendees}"},
			},
			Asks: []string{
				`Add "{title}" to my calendar on {date} at {time}.`,
				`Create an event called "{title}" on {date} at {time}.`,
				`Schedule "{title}" for {date} at {time}.`,
			}},
		{Name: "list_events", Easy: true, Description: "List the events of a day.",
			Params: []Param{{"date", "YYYY-MM-DD", date(), ""}},
			Asks: []string{
				"What is on my calendar on {date}?",
				"List my events of {date}.",
				"Which appointments do I have on {date}?",
			}},
		{Name: "cancel_event", Easy: true, Description: "Remove an event from the calendar.",
			Params: []Param{
				{"event_id", "id of the event", code("EV-####"), ""},
				{"notify", "tell the attendees", flag(), "and notify the attendees"},
			},
			Asks: []string{
				"Cancel event {event_id}.",
				"Please remove {event_id} from my calendar.",
				"Delete the calendar event {event_id}.",
			}},
		{Name: "set_reminder", Description: "Remind the user of something at a time of today.",
			Params: []Param{
				{"text", "what to be reminded of", oneOf(errands), ""},
				{"time", "HH:MM of 24 hours", clock(), ""},
				{"repeat", "when to repeat it", enum("daily", "weekly", "monthly"), "and repeat it {repeat}"},
			},
			Asks: []string{
				`Remind me to "{text}" at {time}.`,
				`Set a reminder "{text}" for {time}.`,
				`At {time}, remind me to "{text}".`,
			}},
	}
}
