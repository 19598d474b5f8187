package catalog

func facts() []Tool {
	return []Tool{
		{Name: "get_match_score", Easy: true, Description: "Get the score of a team's latest match.",
			Params: []Param{
				{"team", "name of the team", oneOf(teams), ""},
				{"date", "of the match on this day instead, YYYY-MM-DD", date(), "on {date}"},
			},
			Asks: []string{
				"What was the score of the {team}?",
				"How did the {team} play?",
				"Tell me the result of the {team}.",
			}},
		{Name: "define_word", Easy: true, Description: "Look a word up in the dictionary.",
			Params: []Param{
				{"word", "the word", oneOf(words), ""},
				{"examples", "how many example sentences", integer(2, 6, 1), "with {examples} example sentences"},
			},
			Asks: []string{
				`What does "{word}" mean?`,
				`Define "{word}".`,
				`Look up the word "{word}".`,
			}},
		{Name: "get_population", Easy: true, Description: "Get the population of a country.",
			Params: []Param{
				{"country", "name of the country", oneOf(countries), ""},
				{"year", "in this year", integer(1960, 2024, 1), "in the year {year}"},
			},
			Asks: []string{
				"How many people live in {country}?",
				"What is the population of {country}?",
				"Look up the population of {country}.",
			}},
		{Name: "get_capital", Easy: true, Description: "Get the capital of a country.",
			Params: []Param{{"country", "name of the country", oneOf(countries), ""}},
			Asks: []string{
				"What is the capital of {country}?",
				"Which city is the capital of {country}?",
				"Name the capital of {country}.",
			}},
		{Name: "get_element", Easy: true, Description: "Get the properties of a chemical element.",
			Params: []Param{
				{"name", "English name of the element", oneOf(elements), ""},
				{"property", "this property only", enum("atomic_mass", "melting_point", "density"), "and only its {property}"},
			},
			Asks: []string{
				"Tell me about the element {name}.",
				"Look up the chemical element {name}.",
				"Show me the properties of {name}.",
			}},
		{Name: "convert_length", Description: "Convert a length into another unit.",
			Params: []Param{
				{"value", "the length", number(1, 500, 1), ""},
				{"from", "unit of the value", enum("metres", "feet", "inches", "yards"), ""},
				{"to", "unit to convert into", enum("metres", "feet", "inches", "yards"), ""},
			},
			Asks: []string{
				"How many {to} are {value} {from}?",
				"Convert {value} {from} to {to}.",
				"What is {value} {from} in {to}?",
			}},
		{Name: "random_number", Easy: true, Description: "Draw a random whole number.",
			Params: []Param{
				{"min", "lowest number", integer(1, 20, 1), ""},
				{"max", "highest number", integer(30, 500, 10), ""},
			},
			Asks: []string{
				"Pick a random number between {min} and {max}.",
				"Give me a random number from {min} to {max}.",
				"Draw a number between {min} and {max}.",
			}},
	}
}
