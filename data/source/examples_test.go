package source

import (
	"reflect"
	"testing"

	"mulligan/data"
)

func TestWithExamples(t *testing.T) {
	base, _ := tempFile(t, "t.jsonl", `{"prompt":"2+2?","answer":4}`+"\n"+
		`{"messages":[{"role":"system","content":"Add."},{"role":"user","content":"3+3?"}],"answer":6}`)
	src := must(NewJSONL(base, JSONLOptions{Path: "t.jsonl"}))
	examples := []data.Message{{Role: "user", Content: "1+1?"}, {Role: "assistant", Content: "2"}}
	got := collect(t, WithExamples(src, examples), nil)
	want := [][]data.Message{
		{examples[0], examples[1], {Role: "user", Content: "2+2?"}},
		{{Role: "system", Content: "Add."}, examples[0], examples[1], {Role: "user", Content: "3+3?"}},
	}
	for i := range want {
		if !reflect.DeepEqual(got[i].Messages, want[i]) {
			t.Errorf("prompt %d: %+v, want %+v", i, got[i].Messages, want[i])
		}
	}

	other := []data.Message{{Role: "user", Content: "1+1?"}, {Role: "assistant", Content: "3"}}
	a, b, c := digest(t, src, nil), digest(t, WithExamples(src, examples), nil), digest(t, WithExamples(src, other), nil)
	if a == b || b == c || a == c {
		t.Error("the examples are not part of the digest")
	}
	if WithExamples(src, nil) != src {
		t.Error("no examples: want the source itself")
	}
}

func TestBadExamples(t *testing.T) {
	src := must(NewCountdown("", CountdownOptions{Count: 1}))
	for want, examples := range map[string][]data.Message{
		`examples: message 0 has role "assistant": want pairs of user and assistant`:   {{Role: "assistant", Content: "2"}},
		`examples: message 1 has role "user": want pairs of user and assistant`:        {{Role: "user", Content: "1"}, {Role: "user", Content: "2"}},
		`examples: message 1 is empty`:                                                 {{Role: "user", Content: "1"}, {Role: "assistant"}},
		`examples: the last message is not answered: want pairs of user and assistant`: {{Role: "user", Content: "1"}},
	} {
		s := WithExamples(src, examples)
		wantError(t, firstError(s, nil), "", want)
		if _, err := s.Digest(t.Context()); err == nil || err.Error() != want {
			t.Errorf("digest: %v, want %s", err, want)
		}
	}
}
