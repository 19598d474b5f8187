package source

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"mulligan/data"
)

func TestOwnRows(t *testing.T) {
	base, _ := tempFile(t, "tasks.jsonl", "\xef\xbb\xbf"+ // a byte order mark, CRLF, an empty line, no newline at the end
		`{"prompt":"What is 6 x 7?","answer":{ "value": "42" },"meta":{"difficulty":1.50}}`+"\r\n\r\n"+
		`{"source":"mine","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Café?"}],`+
		`"tools":[{"name":"f","parameters":{"type":"object"}}],"answer":"oui"}`)
	got := collect(t, must(NewJSONL(base, JSONLOptions{Path: "tasks.jsonl"})), nil)
	want := []data.Prompt{
		{
			Messages: []data.Message{{Role: "user", Content: "What is 6 x 7?"}},
			Answer:   json.RawMessage(`{"value":"42"}`),
			Meta:     map[string]json.RawMessage{"difficulty": json.RawMessage("1.50")},
		},
		{
			Source:   "mine",
			Messages: []data.Message{{Role: "system", Content: "Be brief."}, {Role: "user", Content: "Café?"}},
			Tools:    []data.Tool{{Name: "f", Parameters: json.RawMessage(`{"type":"object"}`)}},
			Answer:   json.RawMessage(`"oui"`),
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
}

func must(s Source, err error) Source {
	if err != nil {
		panic(err)
	}
	return s
}

func TestWriteRoundTrip(t *testing.T) {
	draws := data.Failure{
		Message:  data.Message{Role: "assistant", Content: "41"},
		Policy:   data.Policy{Model: "m", Revision: "abc"},
		Sampling: data.Sampling{Temperature: 0.8, TopP: 1, RepeatPenalty: 1, Stop: []string{"\n"}},
		Draws:    4, Passes: 1, Stop: "stop", Reason: "wrong",
	}
	prompts := []data.Prompt{
		{Messages: []data.Message{{Role: "user", Content: "1 < 2 && \"a\"\t\u2028 \\ud800 é 漢 🙂"}}, Answer: json.RawMessage(`{"a":"<b>&"}`)},
		{Source: "s", Messages: []data.Message{
			{Role: "user", Content: "q"},
			{Role: "assistant", ToolCalls: []data.ToolCall{{Name: "f", Arguments: json.RawMessage(`{"x":1}`)}}, Thinking: "hm"},
			{Role: "tool", Content: "", ToolName: "f"},
		}, Tools: []data.Tool{{Name: "f", Description: "d"}}, Answer: json.RawMessage(`"{\"a\":1}"`), Failure: &draws},
	}
	var file bytes.Buffer
	for _, p := range prompts {
		if err := Write(&file, p); err != nil {
			t.Fatal(err)
		}
	}
	base, _ := tempFile(t, "t.jsonl", file.String())
	sameIDs(t, collect(t, must(NewJSONL(base, JSONLOptions{Path: "t.jsonl"})), nil), prompts)

	if err := Write(&file, data.Prompt{}); err == nil {
		t.Error("wrote a prompt without messages")
	}
}

func TestBadRows(t *testing.T) {
	const good = `{"prompt":"q","answer":1}` + "\n"
	for name, c := range map[string]struct{ text, want string }{
		"bad JSON":         {good + `{"prompt":"q",}`, `read %s: line 2: bad JSON at byte 15: invalid character '}' looking for beginning of object key string`},
		"cut":              {good + `{"prompt":"q","ans`, `read %s: line 2: bad JSON at byte 18: unexpected end of JSON input`},
		"UTF-8":            {good + "{\"prompt\":\"caf\xe9\",\"answer\":1}", `read %s: line 2: byte 15: not valid UTF-8`},
		"half a surrogate": {`{"prompt":"\\\ud83d!","answer":1}`, `read %s: line 1: byte 14: \u escape of half a surrogate pair: no character has it`},
		"not an object":    {good + "\n[1]", `read %s: line 3: want a JSON object, got a list`},
		"a string":         {`"prompt"`, `read %s: line 1: want a JSON object, got a string`},
		"unknown field":    {`{"question":"q","answer":1}`, `read %s: line 1: unknown field "question": want messages or prompt, answer, tools, meta, source; or give a mapping`},
		"no prompt":        {`{"answer":1}`, `read %s: line 1: no field "messages" or "prompt": want one of the two, or give a mapping`},
		"two prompts":      {`{"answer":1,"prompt":"q","messages":[]}`, `read %s: line 1: fields "messages" and "prompt": want one of the two`},
		"empty prompt":     {`{"answer":1,"prompt":" "}`, `read %s: line 1: field "prompt": an empty question`},
		"number as prompt": {`{"answer":1,"prompt":7}`, `read %s: line 1: field "prompt": want a string or a list of {role, content}, got a number`},
		"no messages":      {`{"answer":1,"messages":[]}`, `read %s: line 1: field "messages": an empty list: want at least one message`},
		"no answer":        {good + `{"prompt":"q"}`, `read %s: line 2: field "answer": missing: want the ground truth in the shape that the verifier reads`},
		"null answer":      {`{"prompt":"q","answer":null}`, `read %s: line 1: field "answer": missing: want the ground truth in the shape that the verifier reads`},
		"source":           {`{"prompt":"q","answer":1,"source":7}`, `read %s: line 1: field "source": want a string, got a number`},
		"meta":             {`{"prompt":"q","answer":1,"meta":[]}`, `read %s: line 1: field "meta": want an object, or a string that holds it as JSON, got a list`},
		"tools":            {`{"prompt":"q","answer":1,"tools":"f()"}`, `read %s: line 1: field "tools": want a list, or a string that holds it as JSON, got a string that is not JSON`},
		"unnamed tool":     {`{"prompt":"q","answer":1,"tools":[{}]}`, `read %s: line 1: field "tools": tool 0: no name`},
		"role":             {`{"answer":1,"messages":[{"role":"human","content":"q"}]}`, `read %s: line 1: message 0: role "human": want system, user, assistant or tool`},
		"no role":          {`{"answer":1,"messages":[{"content":"q"}]}`, `read %s: line 1: field "messages": message 0: no role: want system, user, assistant or tool`},
		"no content":       {`{"answer":1,"messages":[{"role":"user","content":null}]}`, `read %s: line 1: field "messages": message 0: no content: want a string`},
		"content parts":    {`{"answer":1,"messages":[{"role":"user","content":[]}]}`, `read %s: line 1: field "messages": message 0: content: want a string, got a list`},
		"field of message": {`{"answer":1,"messages":[{"role":"user","content":"q","name":"x"}]}`, `read %s: line 1: field "messages": message 0: unknown field "name": want role, content, thinking, tool_calls, tool_name`},
		"assistant last":   {`{"answer":1,"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}]}`, `read %s: line 1: the last message is from the assistant: nothing is asked`},
		"empty":            {"", `read %s: no rows: want at least one task`},
		"only space":       {"\r\n \n", `read %s: no rows: want at least one task`},
		"array element":    {`[{"prompt":"q","answer":1}, 7]`, `read %s: element 2: want a JSON object, got a number`},
		"cut array":        {`[{"prompt":"q","answer":1}`, `read %s: element 2: bad JSON: the file ends inside the array`},
		"after the array":  {`[{"prompt":"q","answer":1}] x`, `read %s: text after the end of the JSON array`},
		"Parquet":          {"PAR1....", `read %s: not JSON lines, but Parquet or Arrow: use the source parquet or arrow`},
	} {
		t.Run(name, func(t *testing.T) {
			base, file := tempFile(t, "t.jsonl", c.text)
			wantError(t, firstError(NewJSONL(base, JSONLOptions{Path: "t.jsonl"})), file, c.want)
		})
	}
}

func TestMissingFiles(t *testing.T) {
	base, file := tempFile(t, "a.jsonl", "{}")
	wantError(t, firstError(NewJSONL(base, JSONLOptions{Path: "b.jsonl"})), base, "read tasks: stat %s/b.jsonl: no such file or directory")
	wantError(t, firstError(NewJSONL(base, JSONLOptions{Path: "*.json"})), base, "read %s/*.json: no file matches the pattern")
	wantError(t, firstError(NewJSONL(base, JSONLOptions{Path: "."})), base, "read %s: is a folder: want a file, or a pattern such as %s/*")
	wantError(t, firstError(NewJSONL(base, JSONLOptions{})), base, "no path: want the file to read, or a pattern such as data/*.jsonl")

	s := must(NewJSONL("/nowhere", JSONLOptions{Path: file}))
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	wantError(t, firstError(s, nil), file, "read %s: open %s: no such file or directory")
	if _, err := s.Digest(t.Context()); err == nil {
		t.Error("digest of a file that is gone")
	}
}

func TestLongLine(t *testing.T) {
	base, file := tempFile(t, "t.jsonl", `{"prompt":"q","answer":1}`+"\n"+strings.Repeat("x", maxLine+1))
	wantError(t, firstError(NewJSONL(base, JSONLOptions{Path: "t.jsonl"})), file, "read %s: line 2: longer than 64 MiB")

	base, file = tempFile(t, "t.json", `[{"prompt":"q","answer":1},"`+strings.Repeat("x", maxLine+1<<20))
	wantError(t, firstError(NewJSONL(base, JSONLOptions{Path: "t.json"})), file, "read %s: element 2: longer than 64 MiB")

	prompt := strings.Repeat("y", 1<<20) // a line of 1 MiB is a line
	base, _ = tempFile(t, "t.jsonl", `{"prompt":"`+prompt+`","answer":1}`)
	if got := collect(t, must(NewJSONL(base, JSONLOptions{Path: "t.jsonl"})), nil)[0].Messages[0].Content; got != prompt {
		t.Errorf("a line of 1 MiB: read %d bytes", len(got))
	}
}

func TestCompressedAndPatterns(t *testing.T) {
	base := t.TempDir()
	line := func(n int) string { return fmt.Sprintf(`{"prompt":"q%d","answer":1}`+"\n", n) }
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	w.Write([]byte(line(1) + line(2)))
	w.Close()
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{
		"a.jsonl":     []byte(line(0)),
		"b.jsonl.gz":  zipped.Bytes(),
		"c.jsonl.zst": enc.EncodeAll([]byte(line(3)), nil),
		"d.jsonl":     []byte("[" + line(4) + "," + line(5) + "]"),
	} {
		if err := os.WriteFile(filepath.Join(base, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, p := range collect(t, must(NewJSONL(base, JSONLOptions{Path: "*.jsonl*"})), nil) {
		got = append(got, p.Messages[0].Content)
	}
	if want := []string{"q0", "q1", "q2", "q3", "q4", "q5"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}

	cut := zipped.Bytes()[:zipped.Len()-6]
	dir, file := tempFile(t, "t.gz", string(cut))
	wantError(t, firstError(NewJSONL(dir, JSONLOptions{Path: "t.gz"})), file, "read %s: line 3: unexpected EOF")
}

func TestDigestOfFiles(t *testing.T) {
	text := `{"prompt":"q","answer":1}` + "\n"
	base, _ := tempFile(t, "a.jsonl", text)
	other, _ := tempFile(t, "b.jsonl", text)
	changed, _ := tempFile(t, "a.jsonl", text+" ")
	open := func(base, name string, m Mapping) data.Digest {
		return digest(t, must(NewJSONL(base, JSONLOptions{name, m})), nil)
	}
	m := Mapping{Prompt: "prompt", Answer: AnswerMapping{Column: "answer"}, Source: "x"}
	n := m
	n.Meta = MetaMapping{All: true}
	a := open(base, "a.jsonl", Mapping{})
	if a != open(other, "b.jsonl", Mapping{}) {
		t.Error("the same content under another name has another digest")
	}
	seen := map[data.Digest]string{a: "own rows"}
	for name, d := range map[string]data.Digest{
		"content": open(changed, "a.jsonl", Mapping{}),
		"mapping": open(base, "a.jsonl", m),
		"meta":    open(base, "a.jsonl", n),
		"source":  open(base, "a.jsonl", Mapping{Source: "y"}),
	} {
		if same, ok := seen[d]; ok {
			t.Errorf("%s and %s have the same digest", name, same)
		}
		seen[d] = name
	}
}

// Whatever a file holds, reading it ends with prompts that hold their promises, or with an error.
func FuzzJSONL(f *testing.F) {
	for _, seed := range []string{
		`{"prompt":"q","answer":1}`, `[{"prompt":"q","answer":1}]`, "\xef\xbb\xbf{}", `{"messages":[{"role":"user","content":"\ud800"}],"answer":[]}`,
		`{"prompt":"q","answer":{"a":[1,null]},"tools":"[]","meta":"{}","failure":{"draws":1}}`, "\x1f\x8b\x08", "(\xb5/\xfd", "PAR1", "[[[[", `{"a":`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file := filepath.Join(t.TempDir(), "t")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := NewJSONL("", JSONLOptions{Path: file})
		if err != nil {
			t.Fatal(err)
		}
		var written bytes.Buffer
		var prompts []data.Prompt
		for p, err := range s.Prompts(context.Background()) {
			if err != nil {
				return
			}
			if err := Write(&written, p); err != nil {
				t.Fatalf("%q: cannot be written: %v", text, err)
			}
			prompts = append(prompts, p)
		}
		if err := os.WriteFile(file, written.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		sameIDs(t, collect(t, s, nil), prompts)
	})
}

func BenchmarkJSONL(b *testing.B) {
	file := filepath.Join(b.TempDir(), "t.jsonl")
	line := `{"source":"x","messages":[{"role":"user","content":"` + strings.Repeat("word ", 100) + `"}],"answer":{"numbers":[1,2,3],"target":6}}` + "\n"
	if err := os.WriteFile(file, []byte(strings.Repeat(line, b.N)), 0o600); err != nil {
		b.Fatal(err)
	}
	s := must(NewJSONL("", JSONLOptions{Path: file}))
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	b.ResetTimer()
	if err := firstError(s, nil); err != nil {
		b.Fatal(err)
	}
}
