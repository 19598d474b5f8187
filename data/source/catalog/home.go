package catalog

func home() []Tool {
	return []Tool{
		{Name: "set_thermostat", Easy: true, Description: "Set the temperature of a room.",
			Params: []Param{
				{"room", "name of the room", oneOf(rooms), ""},
				{"temperature", "degrees Celsius", integer(15, 26, 1), ""},
				{"until", "HH:MM of 24 hours", clock(), "until {until}"},
			},
			Asks: []string{
				"Set the {room} to {temperature} degrees.",
				"Heat the {room} to {temperature} degrees.",
				"Make it {temperature} degrees in the {room}.",
			}},
		{Name: "switch_light", Description: "Switch the light of a room.",
			Params: []Param{
				{"room", "name of the room", oneOf(rooms), ""},
				{"on", "true: on, false: off", toggle("on", "off"), ""},
			},
			Asks: []string{
				"Turn {on} the light in the {room}.",
				"Switch the {room} light {on}.",
				"I want the light in the {room} {on}.",
			}},
		{Name: "start_vacuum", Description: "Start the vacuum robot.",
			Params: []Param{
				{"rooms", "rooms to clean", several(rooms, 1, 3), ""},
				{"mode", "how to clean", enum("quiet", "standard", "deep_clean"), "in {mode} mode"},
			},
			Asks: []string{
				"Vacuum the {rooms}.",
				"Let the robot clean the {rooms}.",
				"Start vacuuming in the {rooms}.",
			}},
		{Name: "start_timer", Easy: true, Description: "Start a timer.",
			Params: []Param{
				{"minutes", "duration in minutes", integer(2, 60, 1), ""},
				{"label", "what it is for", oneOf([]string{"tea", "laundry", "oven", "homework", "nap"}), "called {label}"},
			},
			Asks: []string{
				"Start a timer of {minutes} minutes.",
				"Set a timer for {minutes} minutes.",
				"Count down {minutes} minutes.",
			}},
		{Name: "create_scene", Description: "Save settings of the home under a name.",
			Params: []Param{
				{"name", "name of the scene", oneOf([]string{"Movie Night", "Good Morning", "Dinner Party", "Reading", "Away"}), ""},
				{"light", "how the light is", record("{brightness} percent brightness in {color}",
					Param{"brightness", "percent", integer(10, 90, 10), ""},
					Param{"color", "colour of the light", enum("white", "amber", "blue", "green"), ""}), ""},
				{"blinds_closed", "whether the blinds are closed", toggle("closed", "open"), ""},
			},
			Asks: []string{
				`Create a scene "{name}" with the light at {light} and the blinds {blinds_closed}.`,
				`Save a scene called "{name}": light at {light}, blinds {blinds_closed}.`,
			}},
	}
}
