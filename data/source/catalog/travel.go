package catalog

func travel() []Tool {
	return []Tool{
		{Name: "get_route", Easy: true, Description: "Get directions from one city to another.",
			Params: []Param{
				{"origin", "where the trip starts", oneOf(cities), ""},
				{"destination", "where the trip ends", oneOf(cities), ""},
				{"mode", "how to travel", enum("car", "train", "bicycle"), "by {mode}"},
			},
			Asks: []string{
				"How do I get from {origin} to {destination}?",
				"Show me the route from {origin} to {destination}.",
				"Give me directions from {origin} to {destination}.",
			}},
		{Name: "find_nearby", Description: "Find places of a kind around a city.",
			Params: []Param{
				{"category", "kind of place", enum("pharmacy", "museum", "gas_station", "supermarket", "charging_station"), ""},
				{"city", "centre of the search", oneOf(cities), ""},
				{"radius_km", "how far to look, in kilometres", integer(1, 30, 1), "within {radius_km} km"},
				{"open_now", "only places that are open", flag(), "that is open now"},
			},
			Asks: []string{
				"Find a {category} near {city}.",
				"I am looking for a {category} near {city}.",
				"Search for a {category} around {city}.",
			}},
		{Name: "book_flight", Description: "Book a flight.",
			Params: []Param{
				{"origin", "city of departure", oneOf(cities), ""},
				{"destination", "city of arrival", oneOf(cities), ""},
				{"date", "YYYY-MM-DD", date(), ""},
				{"passengers", "who travels", record("{adults} adults and {children} children",
					Param{"adults", "number of adults", integer(2, 4, 1), ""},
					Param{"children", "number of children", integer(5, 9, 1), ""}), "for {passengers}"},
				{"cabin", "class of travel", enum("economy", "premium_economy", "business_class", "first_class"), "in {cabin}"},
			},
			Asks: []string{
				"Book a flight from {origin} to {destination} on {date}.",
				"I need a flight from {origin} to {destination} on {date}.",
				"Get me on a plane to {destination} from {origin} on {date}.",
			}},
		{Name: "book_hotel", Description: "Book a hotel room.",
			Params: []Param{
				{"city", "where", oneOf(cities), ""},
				{"check_in", "day of arrival, YYYY-MM-DD", date(), ""},
				{"nights", "number of nights", integer(2, 14, 1), ""},
				{"guests", "number of guests", integer(2, 5, 1), "for {guests} guests"},
				{"breakfast", "whether breakfast is included", flag(), "with breakfast"},
			},
			Asks: []string{
				"Book a hotel in {city} for {nights} nights from {check_in}.",
				"I need a hotel room in {city} from {check_in} for {nights} nights.",
				"Reserve a room in {city}, checking in on {check_in} and staying {nights} nights.",
			}},
		{Name: "get_flight_status", Easy: true, Description: "Get the status of a flight.",
			Params: []Param{{"flight", "flight number", code("@@###"), ""}},
			Asks: []string{
				"Is flight {flight} on time?",
				"What is the status of flight {flight}?",
				"Check flight {flight} for delays.",
			}},
	}
}
