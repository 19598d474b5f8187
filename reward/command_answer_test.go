package reward

import (
	"errors"
	"math"
	"testing"
)

func FuzzReadVerdict(f *testing.F) {
	for _, s := range []string{`{"id":"1","pass":true,"score":0.5,"parsed":"x","reason":"r","feedback":"f"}`, `{"id":"1","pass":false}`,
		`{"id":"1","error":"e"}`, `{"id":"2","pass":true}`, `{"id":"1","pass":null}`, `{"id":"1","pass":true,"score":1e999}`, `[]`, `null`, ``} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		v, err := readVerdict(line, "1")
		if math.IsNaN(v.Score) || math.IsInf(v.Score, 0) || err != nil && v != (Verdict{}) || err == nil && errors.As(err, new(declined)) {
			t.Errorf("%q: %+v, error %v", line, v, err)
		}
	})
}

func TestReadVerdict(t *testing.T) {
	for line, want := range map[string]Verdict{
		`{"id":"1","pass":true}`:  {Pass: true, Score: 1},
		`{"id":"1","pass":false}`: {},
		`{"id":"1","pass":false,"score":0.25,"parsed":"p","reason":"r","feedback":"f"}`:    {Score: 0.25, Parsed: "p", Reason: "r", Feedback: "f"},
		`{"id":"1","pass":true,"score":0.75,"parsed":null,"reason":null,"feedback":null} `: {Pass: true, Score: 0.75},
	} {
		if got, err := readVerdict([]byte(line), "1"); err != nil || got != want {
			t.Errorf("%s: %+v, error %v; want %+v", line, got, err, want)
		}
	}
	for _, line := range []string{``, `null`, `{}`, `[]`, `{"id":1,"pass":true}`, `{"pass":true}`, `{"id":"1"}`, `{"id":"2","pass":true}`,
		`{"id":"1","pass":"yes"}`, `{"id":"1","pass":1}`, `{"id":"1","pass":true,"score":1e999}`, `{"id":"1","pass":true}{`, `{"id":"1","pass":true,"error":"e"}`} {
		if got, err := readVerdict([]byte(line), "1"); err == nil {
			t.Errorf("%s: %+v, want an error", line, got)
		}
	}
}
