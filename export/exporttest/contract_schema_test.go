package exporttest_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
)

func parquetPath(t *testing.T, dir, format string) string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, format, "*.parquet"))
	if err != nil || len(paths) != 1 {
		t.Fatalf("files of %s: %q, %v; want one", format, paths, err)
	}
	return paths[0]
}

// wantSchema compares the columns of a format, and that there are no others, with what outline writes.
func wantSchema(t *testing.T, dir, format, want string) {
	t.Helper()
	got := schemaLines(t, dir, format)
	if w := wantLines(want); !slices.Equal(got, w) {
		t.Errorf("columns of %s are\n%s\nwant\n%s", format, strings.Join(got, "\n"), strings.Join(w, "\n"))
	}
}

// wantColumns compares some of the columns of a format.
func wantColumns(t *testing.T, dir, format, want string) {
	t.Helper()
	got := "\n" + strings.Join(schemaLines(t, dir, format), "\n") + "\n"
	block := ""
	check := func() {
		if !strings.Contains(got, "\n"+block+"\n") {
			t.Errorf("columns of %s are\n%s\nand among them want\n%s", format, got, block)
		}
	}
	for i, line := range wantLines(want) {
		switch {
		case i > 0 && !strings.HasPrefix(line, "\t"):
			check()
			block = line
		case i > 0:
			block += "\n" + line
		default:
			block = line
		}
	}
	check()
}

// wantLines takes the indentation off that the first line has.
func wantLines(want string) []string {
	lines := strings.Split(strings.TrimLeft(want, "\n"), "\n")
	indent := lines[0][:len(lines[0])-len(strings.TrimLeft(lines[0], "\t"))]
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], indent)
	}
	return lines
}

func schemaLines(t *testing.T, dir, format string) []string {
	t.Helper()
	path := parquetPath(t, dir, format)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := parquet.OpenFile(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, field := range file.Schema().Fields() {
		lines = append(lines, outline(field.Name()+": ", "", field)...)
	}
	return lines
}

// outline writes a column by lines: its type, "list of" or "group of" and what is in it, indented by one more.
// A column that may be NULL is optional; elements of lists too.
func outline(name, indent string, node parquet.Node) []string {
	start := indent + name
	if node.Optional() {
		start += "optional "
	}
	if element, ok := listElement(node); ok {
		inner := outline("", indent, element)
		inner[0] = start + "list of " + strings.TrimPrefix(strings.TrimPrefix(inner[0], indent), "group of")
		inner[0] = strings.TrimRight(inner[0], " ")
		return inner
	}
	if node.Leaf() {
		return []string{start + typeName(node.Type())}
	}
	lines := []string{start + "group of"}
	for _, field := range node.Fields() {
		lines = append(lines, outline(field.Name()+": ", indent+"\t", field)...)
	}
	return lines
}

// listElement returns the element of a list of three levels, named list and element as the Parquet format has them.
func listElement(node parquet.Node) (parquet.Node, bool) {
	if l := node.Type().LogicalType(); node.Leaf() || l == nil || l.String() != "LIST" {
		return nil, false
	}
	fields := node.Fields()
	if len(fields) != 1 || fields[0].Name() != "list" || !fields[0].Repeated() {
		return nil, false
	}
	inner := fields[0].Fields()
	if len(inner) != 1 || inner[0].Name() != "element" {
		return nil, false
	}
	return inner[0], true
}

// typeName is the logical type where there is one, else the physical type.
func typeName(t parquet.Type) string {
	l := t.LogicalType()
	if l == nil {
		return strings.ToLower(t.Kind().String())
	}
	switch l.String() {
	case "STRING":
		return "string"
	case "INT(8,true)":
		return "int8"
	case "INT(32,true)":
		return "int32"
	case "INT(64,true)":
		return "int64"
	}
	return l.String()
}
