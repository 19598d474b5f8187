package source

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/parquet-go/parquet-go"
)

// tableRows are the rows of testdata/tables.py.
var tableRows = []string{
	`{"id":18446744073709551615,"nums":[44,19,35],"target":98,` +
		`"messages":[{"role":"system","content":"Be \"brief\".\n"},{"role":"user","content":"Café <1>?"}],` +
		`"deep":{"lists":[[{"b":1},{"b":null}],[],null,[null]],"scores":{"x":0.5,"y":null}},` +
		`"text":"long","kind":"red","price":-0.05,"at":"2026-01-02T03:04:05.6Z","day":"1969-12-31","ok":true,"f":0.1,"bytes":"/wA="}`,
	`{"id":0,"nums":[],"target":-1,"messages":[{"role":"user","content":""}],"deep":{"lists":[],"scores":{}},` +
		`"text":"","kind":"blue","price":1234567.80,"at":"1970-01-01T00:00:00Z","day":"2026-02-28","ok":false,"f":null,"bytes":"text"}`,
	`{"id":null,"nums":null,"target":null,"messages":null,"deep":null,"text":null,"kind":null,"price":null,"at":null,"day":null,"ok":null,"f":null,"bytes":null}`,
	`{"id":1,"nums":[1,null],"target":0,"messages":[{"role":"user","content":"red again"}],"deep":{"lists":null,"scores":null},` +
		`"text":"x","kind":"red","price":0.00,"at":"2026-01-01T00:00:00Z","day":"2026-01-01","ok":true,"f":3e+30,"bytes":""}`,
}

// Every value of a table that pyarrow wrote is read as it is, from Parquet and from both forms of Arrow IPC.
func TestTablesOfPyarrow(t *testing.T) {
	for file, read := range map[string]rows{"table.parquet": readParquet, "table.arrow": readArrow, "table.arrows": readArrow} {
		t.Run(file, func(t *testing.T) {
			n := 0
			for r, err := range read(t.Context(), filepath.Join("testdata", file)) {
				if err != nil {
					t.Fatal(err)
				}
				var want map[string]json.RawMessage
				if err := json.Unmarshal([]byte(tableRows[n]), &want); err != nil {
					t.Fatal(err)
				}
				if n++; r.number != n || r.unit != "row" {
					t.Errorf("row %d is called %s %d", n, r.unit, r.number)
				}
				for _, name := range slices.Sorted(maps.Keys(want)) {
					if got := string(r.fields[name]); got != string(want[name]) {
						t.Errorf("row %d, column %s: got %s, want %s", n, name, got, want[name])
					}
				}
				if len(r.fields) != len(want) {
					t.Errorf("row %d: %d columns, want %d", n, len(r.fields), len(want))
				}
			}
			if n != len(tableRows) {
				t.Errorf("%d rows, want %d", n, len(tableRows))
			}
		})
	}
}

// The same tasks have the same IDs in whatever format they come.
func TestFormatsAgree(t *testing.T) {
	m := Mapping{Prompt: "messages", Answer: AnswerMapping{Fields: map[string]string{"numbers": "nums", "target": "target"}}, Meta: MetaMapping{Columns: []string{"deep", "price", "day"}}, Source: "x"}
	base, _ := tempFile(t, "t.jsonl", tableRows[0]+"\n"+tableRows[1])
	want := collect(t, must(NewJSONL(base, JSONLOptions{"t.jsonl", m})), nil)
	const null = `: row 3: field "prompt": column "messages": want a string or a list of {role, content}, got null`
	for name, s := range map[string]Source{
		"table.parquet": must(NewParquet("testdata", ParquetOptions{"table.parquet", m})),
		"table.arrow":   must(NewArrow("testdata", ArrowOptions{"table.arrow", m})),
		"table.arrows":  must(NewArrow("testdata", ArrowOptions{"table.arrows", m})),
	} {
		got := want[:0:0]
		for p, err := range s.Prompts(t.Context()) {
			if err != nil {
				wantError(t, err, "", "read testdata/"+name+null)
				break
			}
			got = append(got, p)
		}
		sameIDs(t, got, want)
	}
}

// Rows under our own names may hold JSON as text, because tables have one type a column.
func TestOwnRowsInTables(t *testing.T) {
	type message struct {
		Role    string `parquet:"role"`
		Content string `parquet:"content"`
	}
	type task struct {
		Messages []message `parquet:"messages,list"`
		Answer   string    `parquet:"answer"`
		Meta     *string   `parquet:"meta,optional"`
	}
	meta := `{"level": "easy"}`
	file := filepath.Join(t.TempDir(), "t.parquet")
	tasks := []task{
		{[]message{{"user", "q"}}, `{"value": "42"}`, &meta},
		{[]message{{"system", "s"}, {"user", "q"}}, "Paris", nil},
	}
	if err := parquet.WriteFile(file, tasks); err != nil {
		t.Fatal(err)
	}
	base, _ := tempFile(t, "t.jsonl", `{"messages":[{"role":"user","content":"q"}],"answer":{"value":"42"},"meta":{"level":"easy"}}`+"\n"+
		`{"messages":[{"role":"system","content":"s"},{"role":"user","content":"q"}],"answer":"Paris"}`)
	sameIDs(t, collect(t, must(NewParquet("", ParquetOptions{Path: file})), nil), collect(t, must(NewJSONL(base, JSONLOptions{Path: "t.jsonl"})), nil))
}

// Lists of the older kinds, without a group around the element, and bare repeated fields.
func TestRepeatedParquet(t *testing.T) {
	type point struct {
		X int32  `parquet:"x"`
		Y *int32 `parquet:"y,optional"`
	}
	type bare struct {
		Points []point    `parquet:"points"`
		Names  []string   `parquet:"names"`
		Matrix [][]int32  `parquet:"matrix,list"`
		Empty  []struct{} `parquet:"-"`
	}
	two := int32(2)
	file := filepath.Join(t.TempDir(), "t.parquet")
	if err := parquet.WriteFile(file, []bare{
		{Points: []point{{1, nil}, {3, &two}}, Names: []string{"a", "b"}},
		{Matrix: [][]int32{{1, 2}, {}, {3}}},
	}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for r, err := range readParquet(t.Context(), file) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(r.fields["points"])+string(r.fields["names"])+string(r.fields["matrix"]))
	}
	want := []string{`[{"x":1,"y":null},{"x":3,"y":2}]["a","b"][]`, `[][][[1,2],[],[3]]`}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestArrowTypes(t *testing.T) {
	pool := memory.NewGoAllocator()
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "view", Type: arrow.BinaryTypes.StringView},
		{Name: "fixed", Type: arrow.FixedSizeListOf(2, arrow.PrimitiveTypes.Uint8)},
		{Name: "half", Type: arrow.FixedWidthTypes.Float16},
		{Name: "seconds", Type: arrow.FixedWidthTypes.Timestamp_s},
		{Name: "span", Type: arrow.FixedWidthTypes.Duration_s},
	}, nil)
	b := array.NewRecordBuilder(pool, schema)
	if err := b.UnmarshalJSON([]byte(`{"view":"a","fixed":[1,2],"half":0.5,"seconds":"2026-01-01T00:00:00Z","span":"5s"}`)); err != nil {
		t.Fatal(err)
	}
	record := b.NewRecord()
	for i, want := range []string{`"a"`, `[1,2]`, `0.5`, `"2026-01-01T00:00:00Z"`} {
		got, err := appendArrow(nil, record.Column(i), 0)
		if err != nil || string(got) != want {
			t.Errorf("column %d: %s, %v; want %s", i, got, err, want)
		}
	}
	if _, err := appendArrow(nil, record.Column(4), 0); err == nil || err.Error() != "the Arrow type duration[s] is not supported" {
		t.Errorf("duration: %v", err)
	}
}

func TestBadTables(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	text := write("t.txt", "no table at all")
	wantError(t, firstError(NewParquet("", ParquetOptions{Path: text})), text, "read %s: not a Parquet file: it does not start with PAR1")
	if err := firstError(NewArrow("", ArrowOptions{Path: text})); err == nil || !strings.HasPrefix(err.Error(), "read "+text+": not Arrow IPC: ") {
		t.Errorf("text as Arrow: %v", err)
	}

	type latin struct {
		Prompt string `parquet:"prompt"`
		Answer int    `parquet:"answer"`
	}
	file := filepath.Join(dir, "latin.parquet")
	if err := parquet.WriteFile(file, []latin{{"ok", 1}, {"caf\xe9", 1}}); err != nil {
		t.Fatal(err)
	}
	wantError(t, firstError(NewParquet("", ParquetOptions{Path: file})), file, `read %s: row 2: column "prompt": byte 4: not valid UTF-8`)

	for _, name := range []string{"table.parquet", "table.arrow", "table.arrows"} {
		whole, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		cut := write(name, string(whole[:len(whole)-100]))
		if _, err := drain(cut); err == nil {
			t.Errorf("%s, cut: read without an error", name)
		}
	}
}

// drain counts the rows of a file of any format.
func drain(file string) (n int, err error) {
	for _, err := range readAny(context.Background(), file) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// Whatever byte of a Parquet file is damaged, and wherever a table is cut, reading it ends without a
// panic. (Damaged metadata of Arrow is beyond us: see NewArrow.)
func TestDamagedTables(t *testing.T) {
	for _, name := range []string{"table.parquet", "table.arrow", "table.arrows"} {
		whole, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), name)
		try := func(text []byte) {
			if err := os.WriteFile(file, text, 0o600); err != nil {
				t.Fatal(err)
			}
			drain(file)
		}
		for at := 0; at < len(whole); at += 11 {
			try(whole[:at])
			if name == "table.parquet" {
				damaged := slices.Clone(whole)
				damaged[at] ^= 0xff
				try(damaged)
			}
		}
	}
}

func BenchmarkParquet(b *testing.B) {
	type task struct {
		Prompt string  `parquet:"prompt"`
		Nums   []int64 `parquet:"nums,list"`
		Target int64   `parquet:"target"`
	}
	file := filepath.Join(b.TempDir(), "t.parquet")
	if err := parquet.WriteFile(file, slices.Repeat([]task{{strings.Repeat("word ", 100), []int64{1, 2, 3}, 6}}, b.N)); err != nil {
		b.Fatal(err)
	}
	m := Mapping{Prompt: "prompt", Answer: AnswerMapping{Fields: map[string]string{"numbers": "nums", "target": "target"}}}
	b.ReportAllocs()
	b.ResetTimer()
	if err := firstError(NewParquet("", ParquetOptions{file, m})); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkArrow(b *testing.B) {
	file := filepath.Join(b.TempDir(), "t.arrow")
	f, err := os.Create(file)
	if err != nil {
		b.Fatal(err)
	}
	schema := arrow.NewSchema([]arrow.Field{{Name: "prompt", Type: arrow.BinaryTypes.String}, {Name: "nums", Type: arrow.ListOf(arrow.PrimitiveTypes.Int64)}, {Name: "target", Type: arrow.PrimitiveTypes.Int64}}, nil)
	w := ipc.NewWriter(f, ipc.WithSchema(schema))
	builder := array.NewRecordBuilder(memory.NewGoAllocator(), schema)
	row := []byte(`{"prompt":"` + strings.Repeat("word ", 100) + `","nums":[1,2,3],"target":6}`)
	for i := range b.N {
		if err := builder.UnmarshalJSON(row); err != nil {
			b.Fatal(err)
		}
		if i%1000 == 999 || i == b.N-1 {
			if err := w.Write(builder.NewRecord()); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	m := Mapping{Prompt: "prompt", Answer: AnswerMapping{Fields: map[string]string{"numbers": "nums", "target": "target"}}}
	b.ReportAllocs()
	b.ResetTimer()
	if err := firstError(NewArrow("", ArrowOptions{file, m})); err != nil {
		b.Fatal(err)
	}
}
