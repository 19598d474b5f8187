package server_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"mulligan/reward/server"
)

func TestReadQuestion(t *testing.T) {
	q, err := server.ReadQuestion([]byte(` {"verifier":"number","id":{"a":[1]},"response":"é\ud800!","answer":{"value":"1"},
		"messages":[{"role":"system","content":"s"},{"role":"user","content":"u"}]} `))
	if err != nil {
		t.Fatal(err)
	}
	if string(q.ID) != `{"a":[1]}` || q.Response != "é\ufffd!" || string(q.Answer) != `{"value":"1"}` || q.Verifier != "number" ||
		len(q.Messages) != 2 || q.Messages[1].Content != "u" {
		t.Errorf("%+v", q)
	}
	q, err = server.ReadQuestion([]byte(`{"response":"","messages":null,"verifier":null,"id":null,"answer":null}`))
	if err != nil || q.Response != "" || q.Verifier != "" || string(q.ID) != "null" || string(q.Answer) != "null" || q.Messages != nil {
		t.Errorf("%+v, %v", q, err)
	}
	if p := q.Prompt(); len(p.Messages) != 1 || p.Messages[0].Role != "user" || p.Messages[0].Content != "" {
		t.Errorf("prompt without messages: %+v", p)
	}
}

func TestReadQuestionErrors(t *testing.T) {
	const want = `want {"id","answer","response","messages","verifier"}`
	for text, msg := range map[string]string{
		``:                                     want + ": at byte 0: EOF",
		`null`:                                 want + ", not null",
		`[]`:                                   want + ", not a list",
		`"x"`:                                  want + ", not a text",
		`{"response":NaN}`:                     want + ": at byte 12: invalid character 'N' looking for beginning of value",
		`{"response":"x","id":Infinity}`:       want + ": at byte 21: invalid character 'I' looking for beginning of value",
		`{"response":"x"`:                      want + ": at byte 15: EOF",
		`{"response":"x",}`:                    want + ": at byte 16: invalid character '}'",
		`{"response":"x"} {}`:                  "2 bytes after the end of the JSON value: want one value",
		`{"respnse":"x"}`:                      `unknown field "respnse"; known: id, answer, response, messages, verifier`,
		`{"Response":"x"}`:                     `unknown field "Response"; known: id, answer, response, messages, verifier`,
		`{"response":"x","response":"y"}`:      "field response stands twice",
		`{"id":1}`:                             "field response is missing: want a text",
		`{"response":null}`:                    "field response is missing: want a text",
		`{"response":7}`:                       "field response: want a text, not a number",
		`{"response":["x"]}`:                   "field response: want a text, not a list",
		`{"response":"","verifier":{}}`:        "field verifier: want a text, not an object",
		`{"response":"","messages":{}}`:        "field messages: want [{",
		`{"response":"","messages":[{"a":1}]}`: `unknown field "a"`,
		`{"response":"","messages":[{"role":"human","content":""}]}`:                                 `field messages: message 0: role "human": want system, user, assistant or tool`,
		`{"response":"","messages":[{"role":"assistant","content":""}]}`:                             "field messages: the last message is from the assistant: nothing is asked",
		"{\"response\":\"a\xff\"}":                                                                   "byte 14 is not UTF-8: " + want,
		`{"response":"","answer":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`: "exceeded max depth",
	} {
		if _, err := server.ReadQuestion([]byte(text)); err == nil || !strings.Contains(err.Error(), msg) {
			t.Errorf("%.80s: error %v, want %s", text, err, msg)
		}
	}
}

// TestReadQuestionID: what is refused can be named where the id could be read.
func TestReadQuestionID(t *testing.T) {
	for _, text := range []string{`{"x":1,"id":"a"}`, `{"id":"a","response":1}`, `{"id":"a","id":"b"}`, `{"id":"a","response":NaN}`, `{"id":"a"} x`} {
		q, err := server.ReadQuestion([]byte(text))
		if err == nil || string(q.ID) != `"a"` {
			t.Errorf("%s: id %s, error %v", text, q.ID, err)
		}
	}
}

func FuzzReadQuestion(f *testing.F) {
	for _, s := range []string{`{"id":1,"answer":{"numbers":[1e999999]},"response":"\ud800","messages":[{"role":"user","content":"x"}],"verifier":"a"}`,
		`{"items":[]}`, `{"id":NaN}`, `{"response":""}{`, "\xff", `{"":{}}`, `{"id":`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		q, err := server.ReadQuestion(text)
		line := server.Ruling{ID: q.ID, Err: err}.Line()
		if !utf8.Valid(line) || !json.Valid(line) || strings.Count(string(line), "\n") != 1 {
			t.Errorf("%q: the ruling %q is no line of JSON", text, line)
		}
		if err != nil {
			return
		}
		var plain struct {
			Response *string `json:"response"`
		}
		if err := json.Unmarshal(text, &plain); err != nil || plain.Response == nil || *plain.Response != q.Response {
			t.Errorf("%q: response %q; encoding/json: %v, %v", text, q.Response, plain.Response, err)
		}
	})
}
