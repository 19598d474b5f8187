package catalog

func food() []Tool {
	return []Tool{
		{Name: "find_recipe", Description: "Find a recipe by its ingredients.",
			Params: []Param{
				{"ingredients", "what to cook with", several(ingredients, 1, 3), ""},
				{"diet", "diet to follow", enum("vegetarian", "vegan", "gluten_free"), "that is {diet}"},
				{"max_minutes", "longest cooking time in minutes", integer(15, 90, 5), "in at most {max_minutes} minutes"},
			},
			Asks: []string{
				"Find a recipe with {ingredients}.",
				"What can I cook with {ingredients}?",
				"I need a recipe for {ingredients}.",
			}},
		{Name: "order_pizza", Description: "Order a pizza.",
			Params: []Param{
				{"size", "size of the pizza", enum("small", "medium", "large"), ""},
				{"toppings", "what is on it", several(toppings, 1, 3), ""},
				{"address", "where to deliver", address(), ""},
				{"tip", "tip in EUR", number(1, 9, 2), "with a tip of {tip} EUR"},
			},
			Asks: []string{
				"Order a {size} pizza with {toppings} to {address}.",
				"I want a {size} pizza with {toppings}, delivered to {address}.",
				"Send a {size} pizza with {toppings} to {address}.",
			}},
		{Name: "book_table", Description: "Book a table at a restaurant.",
			Params: []Param{
				{"restaurant", "name of the restaurant", oneOf(restaurants), ""},
				{"people", "number of guests", integer(2, 10, 1), ""},
				{"date", "YYYY-MM-DD", date(), ""},
				{"time", "HH:MM of 24 hours", clock(), ""},
				{"outdoor", "outside", flag(), "outdoors"},
			},
			Asks: []string{
				"Book a table for {people} at {restaurant} on {date} at {time}.",
				"Reserve a table at {restaurant} for {people} people on {date} at {time}.",
				"We are {people} and want to eat at {restaurant} on {date} at {time}.",
			}},
		{Name: "get_nutrition", Easy: true, Description: "Get the nutrition facts of a food.",
			Params: []Param{
				{"food", "name of the food", oneOf(ingredients), ""},
				{"grams", "amount in grams", integer(50, 500, 10), ""},
			},
			Asks: []string{
				"How many calories are in {grams} grams of {food}?",
				"What are the nutrition facts of {grams} g of {food}?",
				"Give me the nutrition of {grams} grams of {food}.",
			}},
	}
}
