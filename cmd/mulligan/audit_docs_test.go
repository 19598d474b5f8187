package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"mulligan/data/disk"
	"mulligan/export"
	"mulligan/export/audit/audittest"
	"mulligan/export/exporttest"
)

// console is a block of docs/audit.md with a command, and what it prints: all, or its head or tail.
var console = regexp.MustCompile("(?s)```console\n\\$ mulligan ([^\n|]*?)(?: \\| (head|tail) -n (\\d+))?\n(.*?)```\n")

// TestAuditDocs: what docs/audit.md shows of `mulligan audit` is what it prints of the data set of the recipes.
func TestAuditDocs(t *testing.T) {
	file, err := filepath.Abs("../../docs/audit.md")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	usual, newer := audittest.Usual(), audittest.Usual()
	newer.Seed, newer.Skill, newer.Policy.Revision = "b", 60, "sha256:1111"
	for dir, a := range map[string]audittest.Arithmetic{"products": usual, "newer": newer, "edited": usual} {
		formats := []export.Format{export.Episodes, export.Sequences}
		if dir == "edited" {
			formats = []export.Format{export.EpisodesJSONL}
		}
		if _, err := export.Write(context.Background(), disk.OS{}, dir, audittest.Info, export.Options{}, formats, exporttest.All(a.Groups())); err != nil {
			t.Fatal(err)
		}
	}
	const edited = "edited/episodes_jsonl/train-00000-of-00001.jsonl"
	rows, err := os.ReadFile(edited)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(edited, bytes.Replace(rows, []byte(`"reward":1,`), []byte(`"reward":0,`), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	blocks := 0
	got := console.ReplaceAllStringFunc(string(text), func(block string) string {
		blocks++
		m := console.FindStringSubmatch(block)
		var out, stderr bytes.Buffer
		code := run(append([]string{"mulligan"}, strings.Fields(m[1])...), nil, &out, &stderr)
		if want := strings.Contains(m[1], "edited"); (code == exitError) != want || stderr.Len() > 0 {
			t.Errorf("%s: exit code %d\n%s", m[1], code, stderr.String())
		}
		lines := strings.SplitAfter(strings.TrimSuffix(out.String(), "\n"), "\n")
		if n, _ := strconv.Atoi(m[3]); n > 0 && n < len(lines) {
			if m[2] == "head" {
				lines = lines[:n]
			} else {
				lines = lines[len(lines)-n:]
			}
		}
		printed := strings.TrimSuffix(strings.Join(lines, ""), "\n") + "\n"
		if printed != m[4] && !*update {
			t.Errorf("%s prints\n%s\nand the text says\n%s", m[1], printed, m[4])
		}
		return strings.TrimSuffix(block, m[4]+"```\n") + printed + "```\n"
	})
	if blocks != 3 {
		t.Errorf("%d blocks", blocks)
	}
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
