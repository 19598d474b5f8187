package audit_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"mulligan/export"
	"mulligan/export/audit/audittest"
)

var update = flag.Bool("update", false, "rewrite the output of the recipes in docs/audit.md")

// recipe is a block of code in docs/audit.md, and the block of its output behind it, which -update puts there.
var recipe = regexp.MustCompile("(?s)```(sql|python)\n(.*?)```\n(?:\n```text\n(.*?)```\n)?")

// TestRecipes runs every recipe of docs/audit.md on the fixture, and compares what it prints. MULLIGAN_PYTHON names a Python
// with pyarrow 26.0.1, duckdb 2.0.0, polars 2.1.0, pandas 3.1.1 and datasets 5.2.0.
func TestRecipes(t *testing.T) {
	const file = "../../docs/audit.md"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	found := recipe.FindAllStringSubmatchIndex(string(text), -1)
	if len(found) < 15 {
		t.Fatalf("%d recipes", len(found))
	}
	python := os.Getenv("MULLIGAN_PYTHON")
	if python == "" {
		if os.Getenv("MULLIGAN_FULL") == "1" {
			t.Fatal("MULLIGAN_PYTHON is not set")
		}
		t.Skip("MULLIGAN_PYTHON is not set")
	}
	part := func(m []int, i int) string {
		if m[2*i] < 0 {
			return ""
		}
		return string(text[m[2*i]:m[2*i+1]])
	}
	var blocks [][2]string
	for _, m := range found {
		blocks = append(blocks, [2]string{part(m, 1), part(m, 2)})
	}
	outputs := runRecipes(t, python, blocks)
	var b strings.Builder
	at := 0
	for i, m := range found {
		b.Write(text[at:m[5]]) // up to the end of the code
		b.WriteString("```\n\n```text\n" + outputs[i] + "```\n")
		at = m[1]
		if got, want := outputs[i], part(m, 3); got != want && !*update {
			t.Errorf("recipe %d:\n%s\nprints\n%s\nand the text says\n%s", i, part(m, 2), got, want)
		}
	}
	b.Write(text[at:])
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// runRecipes runs blocks of code in one process, in the folder of an export, and returns what each printed.
func runRecipes(t *testing.T, python string, blocks [][2]string) []string {
	t.Helper()
	dir := write(t, audittest.Usual().Groups(), export.Episodes, export.EpisodesArrow, export.EpisodesStream, export.EpisodesJSONL, export.Sequences)
	in, err := json.Marshal(blocks)
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile("testdata/recipes.py")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "-c", string(script))
	cmd.Dir = dir
	cmd.Stdin = bytes.NewReader(in)
	cmd.Env = append(os.Environ(), "HF_HOME="+t.TempDir(), "HF_HUB_OFFLINE=1", "HF_DATASETS_DISABLE_PROGRESS_BARS=1", "COLUMNS=120", "PYTHONUTF8=1")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	var outputs []string
	if err := json.Unmarshal(out, &outputs); err != nil || len(outputs) != len(blocks) {
		t.Fatalf("%v: %d outputs of %d recipes\n%s", err, len(outputs), len(blocks), stderr.String())
	}
	return outputs
}
