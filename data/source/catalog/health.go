package catalog

func health() []Tool {
	return []Tool{
		{Name: "book_appointment", Description: "Book an appointment with a doctor.",
			Params: []Param{
				{"doctor", "name with title", oneOf(doctors), ""},
				{"date", "YYYY-MM-DD", date(), ""},
				{"time", "HH:MM of 24 hours", clock(), ""},
				{"reason", "why", enum("checkup", "vaccination", "follow_up", "blood_test"), "for a {reason}"},
			},
			Asks: []string{
				"Book an appointment with {doctor} on {date} at {time}.",
				"I need to see {doctor} on {date} at {time}.",
				"Make an appointment with {doctor} for {date} at {time}.",
			}},
		{Name: "log_medication", Description: "Record that a medication was taken.",
			Params: []Param{
				{"medication", "name of the medication", oneOf(medications), ""},
				{"dose_mg", "dose in milligrams", integer(5, 1000, 5), ""},
				{"time", "HH:MM of 24 hours", clock(), "at {time}"},
			},
			Asks: []string{
				"I took {dose_mg} mg of {medication}.",
				"Log {dose_mg} mg of {medication}.",
				"Record a dose of {dose_mg} mg {medication}.",
			}},
		{Name: "calculate_bmi", Easy: true, Description: "Calculate the body mass index.",
			Params: []Param{
				{"weight_kg", "weight in kilograms", integer(45, 120, 1), ""},
				{"height_cm", "height in centimetres", integer(150, 200, 1), ""},
			},
			Asks: []string{
				"What is the BMI for {weight_kg} kg and {height_cm} cm?",
				"Calculate the BMI of someone with {weight_kg} kg and {height_cm} cm.",
				"Weight {weight_kg} kg, height {height_cm} cm: what is the BMI?",
			}},
		{Name: "get_lab_result", Description: "Get a laboratory result of a patient.",
			Params: []Param{
				{"patient_id", "id of the patient", code("P-#####"), ""},
				{"test", "which test", enum("cholesterol", "glucose", "iron", "vitamin_d"), ""},
			},
			Asks: []string{
				"What is the {test} result of patient {patient_id}?",
				"Get the {test} test of {patient_id}.",
				"Show me the {test} value of patient {patient_id}.",
			}},
		{Name: "check_interaction", Description: "Check whether medications may be taken together.",
			Params: []Param{{"medications", "names of the medications", several(medications, 2, 3), ""}},
			Asks: []string{
				"Can I take {medications} together?",
				"Check the interaction of {medications}.",
				"Is it safe to combine {medications}?",
			}},
	}
}
