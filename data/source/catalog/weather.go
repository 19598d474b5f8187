package catalog

func weather() []Tool {
	units := Param{"units", "temperature unit", enum("celsius", "fahrenheit"), "in {units}"}
	return []Tool{
		{Name: "get_weather", Easy: true, Description: "Get the current weather of a city.",
			Params: []Param{{"city", "name of the city", oneOf(cities), ""}, units},
			Asks: []string{
				"What is the weather in {city} right now?",
				"Tell me the current weather in {city}.",
				"How is the weather in {city} at the moment?",
				"Look up the present weather in {city}.",
			}},
		{Name: "get_forecast", Easy: true, Description: "Get the weather forecast of a city for the next days.",
			Params: []Param{{"city", "name of the city", oneOf(cities), ""}, {"days", "number of days", integer(2, 14, 1), ""}, units},
			Asks: []string{
				"What is the weather forecast for {city} for the next {days} days?",
				"Give me a {days} day forecast for {city}.",
				"How will the weather be in {city} over the next {days} days?",
			}},
		{Name: "get_air_quality", Easy: true, Description: "Get the air quality index of a city.",
			Params: []Param{{"city", "name of the city", oneOf(cities), ""},
				{"pollutant", "report this pollutant only", enum("ozone", "pm10", "no2"), "looking only at {pollutant}"}},
			Asks: []string{
				"How clean is the air in {city} today?",
				"What is the air quality in {city}?",
				"Check the air quality index of {city}.",
			}},
		{Name: "get_sunrise", Description: "Get the time of sunrise at a city on a date.",
			Params: []Param{{"city", "name of the city", oneOf(cities), ""}, {"date", "YYYY-MM-DD", date(), ""}},
			Asks: []string{
				"When does the sun rise in {city} on {date}?",
				"What time is sunrise in {city} on {date}?",
				"Look up the sunrise in {city} for {date}.",
			}},
	}
}
