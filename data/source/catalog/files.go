package catalog

func files() []Tool {
	return []Tool{
		{Name: "create_folder", Easy: true, Description: "Create a folder.",
			Params: []Param{{"path", "path of the folder", oneOf(folders), ""}},
			Asks: []string{
				"Create a folder {path}.",
				"Make a new folder at {path}.",
				"I need a new folder called {path}.",
			}},
		{Name: "rename_file", Easy: true, Description: "Rename a file.",
			Params: []Param{
				{"old_name", "present name", oneOf(fileNames), ""},
				{"new_name", "name to give", oneOf(fileNames), ""},
			},
			Asks: []string{
				"Rename {old_name} to {new_name}.",
				"Change the name of {old_name} to {new_name}.",
				"The file {old_name} should be called {new_name}.",
			}},
		{Name: "delete_file", Easy: true, Description: "Delete a file.",
			Params: []Param{
				{"name", "name of the file", oneOf(fileNames), ""},
				{"permanent", "do not keep it in the trash", flag(), "permanently"},
			},
			Asks: []string{
				"Delete the file {name}.",
				"Remove {name} from the disk.",
				"Please delete {name}.",
			}},
		{Name: "share_file", Description: "Share a file with others.",
			Params: []Param{
				{"name", "name of the file", oneOf(fileNames), ""},
				{"emails", "with whom", several(emails, 1, 3), ""},
				{"permission", "what they may do", enum("view", "comment", "edit"), ""},
				{"expires", "last day of access, YYYY-MM-DD", date(), "until {expires}"},
			},
			Asks: []string{
				"Share {name} with {emails} so that they can {permission} it.",
				"Give {emails} permission to {permission} the file {name}.",
				"Let {emails} {permission} {name}.",
			}},
		{Name: "search_files", Description: "Search the files of a folder for a text.",
			Params: []Param{
				{"text", "what to look for", oneOf(words), ""},
				{"folder", "where to look", oneOf(folders), ""},
				{"extension", "only files with this ending", enum("pdf", "txt", "docx", "csv"), "in {extension} files only"},
			},
			Asks: []string{
				`Search for "{text}" in {folder}.`,
				`Find files in {folder} that contain "{text}".`,
				`Which files in {folder} mention "{text}"?`,
			}},
	}
}
