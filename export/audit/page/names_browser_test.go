package page

import (
	"slices"
	"testing"

	"mulligan/export/exporttest"
)

// TestNames: whatever can be worked has a name and a role that a screen reader reads.
func TestNames(t *testing.T) {
	path := written(t, report(), exporttest.All(exporttest.Groups()), Options{})
	b := openTab(t, 1280, 800)
	b.open(path, "#rollouts")
	b.press("j", "f")
	b.wait("document.querySelectorAll('.tab').length === 2")
	b.do("Accessibility.enable", nil, nil)
	var tree struct {
		Nodes []struct {
			Ignored    bool
			Role, Name struct{ Value string }
		}
	}
	b.do("Accessibility.getFullAXTree", nil, &tree)
	worked := []string{"button", "checkbox", "radio", "searchbox", "combobox", "option", "tab", "link", "listbox", "tablist", "tabpanel", "heading", "MenuListPopup"}
	count := map[string]int{}
	var names []string
	for _, n := range tree.Nodes {
		if n.Ignored || !slices.Contains(worked, n.Role.Value) {
			continue
		}
		count[n.Role.Value]++
		if n.Name.Value == "" && n.Role.Value != "MenuListPopup" {
			t.Errorf("a %s without a name", n.Role.Value)
		}
		if n.Role.Value == "option" || n.Role.Value == "tab" {
			names = append(names, n.Name.Value)
		}
	}
	for role, want := range map[string]int{"checkbox": 23, "radio": 4, "searchbox": 1, "listbox": 1, "tablist": 1, "tab": 2, "tabpanel": 1} {
		if count[role] != want {
			t.Errorf("%d of role %s, want %d", count[role], role, want)
		}
	}
	for _, want := range []string{"Reflections on failure 0, What is 6 times 7?, 1 of 2 passed", "● 0 reward 1 +1 0 tok", "First attempts, Prove it., 0 of 2 passed, left out"} {
		if !slices.Contains(names, want) {
			t.Errorf("no %q in %q", want, names)
		}
	}
	b.quiet()
}
