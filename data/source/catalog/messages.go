package catalog

func messages() []Tool {
	return []Tool{
		{Name: "send_message", Easy: true, Description: "Send a text message to a contact.",
			Params: []Param{
				{"contact", "first name of the contact", oneOf(people), ""},
				{"text", "the message", oneOf(phrases), ""},
			},
			Asks: []string{
				`Send {contact} the message "{text}".`,
				`Text "{text}" to {contact}.`,
				`Write to {contact}: "{text}".`,
			}},
		{Name: "send_email", Description: "Send an email.",
			Params: []Param{
				{"to", "addresses of the receivers", several(emails, 1, 2), ""},
				{"subject", "subject line", oneOf(eventTitles), ""},
				{"attachment", "file to attach", oneOf(fileNames), "and attach {attachment}"},
				{"priority", "how urgent", enum("low", "normal", "high"), "with {priority} priority"},
			},
			Asks: []string{
				`Send an email to {to} with the subject "{subject}".`,
				`Email {to}, subject "{subject}".`,
				`Write an email to {to} with "{subject}" as the subject.`,
			}},
		{Name: "translate_text", Easy: true, Description: "Translate a text into another language.",
			Params: []Param{
				{"text", "what to translate", oneOf(phrases), ""},
				{"language", "language to translate into", oneOf(languages), ""},
			},
			Asks: []string{
				`Translate "{text}" into {language}.`,
				`How do you say "{text}" in {language}?`,
				`What is "{text}" in {language}?`,
			}},
		{Name: "call_contact", Easy: true, Description: "Call a contact by telephone.",
			Params: []Param{
				{"contact", "first name of the contact", oneOf(people), ""},
				{"video", "with video", flag(), "with video"},
			},
			Asks: []string{
				"Call {contact}.",
				"Please phone {contact}.",
				"I want to talk to {contact} on the phone.",
			}},
	}
}
