package catalog

func work() []Tool {
	return []Tool{
		{Name: "create_issue", Description: "Open an issue in a repository.",
			Params: []Param{
				{"repository", "name of the repository", oneOf(repositories), ""},
				{"title", "title of the issue", oneOf(bugs), ""},
				{"labels", "labels to set", several(labels, 1, 3), "labelled {labels}"},
				{"assignee", "first name of who takes it", oneOf(people), "assigned to {assignee}"},
			},
			Asks: []string{
				`Open an issue "{title}" in {repository}.`,
				`Create an issue in the repository {repository} with the title "{title}".`,
				`File "{title}" as an issue in {repository}.`,
			}},
		{Name: "query_table", Description: "Read the rows of a table that match a filter.",
			Params: []Param{
				{"table", "name of the table", oneOf(tables), ""},
				{"filter", "which rows", record(`{column} {operator} "{value}"`,
					Param{"column", "name of the column", oneOf(columns), ""},
					Param{"operator", "comparison", enum("equals", "contains"), ""},
					Param{"value", "text to compare with", oneOf(cellValues), ""}), ""},
				{"limit", "most rows to return", integer(5, 100, 5), "and return at most {limit} rows"},
			},
			Asks: []string{
				"Get the rows of the table {table} where {filter}.",
				"Query {table} for rows where {filter}.",
				"From the table {table}, show the rows where {filter}.",
			}},
		{Name: "restart_server", Easy: true, Description: "Restart a server.",
			Params: []Param{
				{"server", "name of the server", oneOf(servers), ""},
				{"delay_seconds", "wait before the restart, in seconds", integer(10, 300, 10), "after {delay_seconds} seconds"},
			},
			Asks: []string{
				"Restart the server {server}.",
				"Please reboot {server}.",
				"The server {server} needs a restart.",
			}},
		{Name: "log_hours", Description: "Record hours of work on a project.",
			Params: []Param{
				{"project", "name of the project", oneOf(repositories), ""},
				{"hours", "hours worked", number(1, 9, 1), ""},
				{"date", "YYYY-MM-DD", date(), ""},
				{"billable", "whether the client pays", toggle("billable", "unpaid"), ""},
			},
			Asks: []string{
				"Log {hours} hours on {project} for {date} as {billable}.",
				"I worked {hours} hours on {project} on {date}, {billable}.",
				"Record {hours} {billable} hours on {project} for {date}.",
			}},
		{Name: "invite_user", Description: "Invite a person to the team.",
			Params: []Param{
				{"email", "address of the person", oneOf(emails), ""},
				{"role", "what the person may do", enum("viewer", "editor", "admin"), ""},
			},
			Asks: []string{
				"Invite {email} as {role}.",
				"Add {email} to the team as {role}.",
				"Give {email} access as {role}.",
			}},
	}
}
