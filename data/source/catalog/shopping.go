package catalog

// address is where something is delivered.
func address() Kind {
	return record("{street}, {postcode} {city}",
		Param{"street", "street and number", oneOf(streets), ""},
		Param{"postcode", "five digits", code("#####"), ""},
		Param{"city", "name of the city", oneOf(cities), ""})
}

func shopping() []Tool {
	return []Tool{
		{Name: "track_order", Easy: true, Description: "Find out where an order is.",
			Params: []Param{{"order_id", "id of the order", code("A-#####"), ""}},
			Asks: []string{
				"Where is my order {order_id}?",
				"Track order {order_id}.",
				"Has order {order_id} been shipped yet?",
				"What is the status of order {order_id}?",
			}},
		{Name: "place_order", Description: "Order articles and have them delivered.",
			Params: []Param{
				{"items", "articles and how many of each", records(1, 3, "{quantity} of {sku}",
					Param{"sku", "article number", code("SKU-####"), ""},
					Param{"quantity", "how many", integer(2, 12, 1), ""}), ""},
				{"address", "where to deliver", address(), ""},
				{"gift_wrap", "wrap as a gift", flag(), "with gift wrap"},
			},
			Asks: []string{
				"Order {items} to {address}.",
				"Please send {items} to {address}.",
				"I would like {items} delivered to {address}.",
			}},
		{Name: "return_item", Description: "Send an ordered article back.",
			Params: []Param{
				{"order_id", "id of the order", code("A-#####"), ""},
				{"reason", "why it is returned", enum("damaged", "wrong_size", "late_delivery", "not_as_described"), ""},
			},
			Asks: []string{
				"I want to return order {order_id} because of: {reason}.",
				"Return order {order_id}, reason: {reason}.",
				"Start a return for {order_id}. The reason is: {reason}.",
			}},
		{Name: "apply_coupon", Easy: true, Description: "Apply a coupon code to the shopping cart.",
			Params: []Param{{"coupon", "code of the coupon", code("SAVE@##"), ""}},
			Asks: []string{
				"Apply the coupon {coupon}.",
				"Use my coupon {coupon} on the cart.",
				"I have a coupon code: {coupon}. Please use it.",
			}},
		{Name: "search_products", Description: "Search the shop for products.",
			Params: []Param{
				{"query", "what to search for", oneOf([]string{"desk lamp", "running shoes", "backpack", "coffee grinder", "raincoat", "headphones", "yoga mat", "office chair"}), ""},
				{"max_price", "highest price in EUR", integer(20, 300, 5), "for at most {max_price} EUR"},
				{"sort", "order of the results", enum("price", "rating", "newest"), "sorted by {sort}"},
			},
			Asks: []string{
				`Search the shop for "{query}".`,
				`Look for "{query}" in the shop.`,
				`Show me products for "{query}".`,
			}},
	}
}
