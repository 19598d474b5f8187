package catalog

func finance() []Tool {
	currency := named(currencyCodes, currencyNames)
	return []Tool{
		{Name: "convert_currency", Description: "Convert an amount of money into another currency.",
			Params: []Param{
				{"amount", "amount to convert", number(5, 5000, 2), ""},
				{"from", "three-letter currency code", currency, ""},
				{"to", "three-letter currency code", currency, ""},
			},
			Asks: []string{
				"How much is {amount} {from} in {to}?",
				"Convert {amount} {from} to {to}.",
				"I have {amount} {from}. What is that in {to}?",
			}},
		{Name: "get_stock_price", Easy: true, Description: "Get the latest price of a stock.",
			Params: []Param{
				{"symbol", "ticker symbol", oneOf(symbols), ""},
				{"exchange", "where it is traded", enum("nasdaq", "nyse", "xetra", "tokyo"), "on the {exchange} exchange"},
			},
			Asks: []string{
				"What is the stock price of {symbol}?",
				"How much does one share of {symbol} cost?",
				"Get me the latest price of {symbol}.",
			}},
		{Name: "transfer_money", Description: "Send money to an account.",
			Params: []Param{
				{"amount", "amount to send", number(10, 900, 2), ""},
				{"currency", "three-letter currency code", currency, ""},
				{"account", "number of the receiving account", code("ACC-######"), ""},
				{"date", "day of the transfer, YYYY-MM-DD", date(), "on {date}"},
			},
			Asks: []string{
				"Transfer {amount} {currency} to account {account}.",
				"Send {amount} {currency} to {account}.",
				"Please pay {amount} {currency} into the account {account}.",
			}},
		{Name: "calculate_loan", Description: "Calculate the monthly payment of a loan.",
			Params: []Param{
				{"principal", "amount of the loan", integer(5000, 400000, 1000), ""},
				{"annual_rate", "interest in percent a year", number(1, 9, 2), ""},
				{"years", "duration in years", integer(10, 35, 1), ""},
			},
			Asks: []string{
				"What is the monthly payment for a loan of {principal} at {annual_rate} percent over {years} years?",
				"Calculate the monthly rate of a {years} year loan of {principal} with {annual_rate} percent interest.",
				"If I borrow {principal} for {years} years at {annual_rate} percent, what do I pay each month?",
			}},
	}
}
