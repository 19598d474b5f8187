package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the generated part of docs/plan.md")

// TestPlanReference: docs/plan.md names every option with its default, as the program has them.
func TestPlanReference(t *testing.T) {
	const file, begin, end = "../../docs/plan.md", "<!-- options: generated, go test ./cmd/mulligan -run PlanReference -update -->\n", "<!-- end of options -->\n"
	var b strings.Builder
	for _, e := range catalogue() {
		if e.Kind == "format" {
			continue
		}
		fmt.Fprintf(&b, "\n### %s\n\n%s.\n\n", strings.TrimSpace(e.Kind+" "+e.Name), strings.ToUpper(e.About[:1])+e.About[1:])
		if len(e.Options) == 0 {
			continue
		}
		b.WriteString("| option | default | |\n|---|---|---|\n")
		for _, o := range e.Options {
			def := ""
			if o.Default != "" {
				def = "`" + strings.ReplaceAll(o.Default, "|", `\|`) + "`"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", o.Name, def, strings.ReplaceAll(o.Help, "|", `\|`))
			if o.Help == "" {
				t.Errorf("%s %s: option %s has no help", e.Kind, e.Name, o.Name)
			}
		}
	}
	b.WriteString("\n")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), begin)
	old, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s: the marks of the generated part are missing", file)
	}
	if *update {
		if err := os.WriteFile(file, []byte(head+begin+b.String()+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if old != b.String() {
		t.Errorf("%s is not what the program says: run with -update", file)
	}
}

// TestExamplePlans: every plan in docs/examples can be read.
func TestExamplePlans(t *testing.T) {
	plans, err := filepath.Glob("../../docs/examples/*.yaml")
	if err != nil || len(plans) < 4 {
		t.Fatalf("%v %v", plans, err)
	}
	for _, p := range plans {
		text, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		// Files that a plan names are the user's: stand-ins let the rest be checked.
		dir := t.TempDir()
		for _, name := range []string{"problems.jsonl", "failures/failures/train-00000-of-00001.parquet"} {
			os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755)
			os.WriteFile(filepath.Join(dir, name), nil, 0o644)
		}
		if _, err := parsePlan(filepath.Join(dir, filepath.Base(p)), text); err != nil {
			t.Errorf("%s: %v", p, err)
		}
	}
}
