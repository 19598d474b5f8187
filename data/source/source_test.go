package source

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mulligan/data"
)

// collect reads all prompts of a source.
func collect(t *testing.T, s Source, err error) []data.Prompt {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	var all []data.Prompt
	for p, err := range s.Prompts(t.Context()) {
		if err != nil {
			t.Fatalf("prompt %d: %v", len(all), err)
		}
		if err := p.Check(); err != nil {
			t.Fatalf("prompt %d: %v", len(all), err)
		}
		all = append(all, p)
	}
	return all
}

// firstError returns the error of making or reading a source.
func firstError(s Source, err error) error {
	if err != nil {
		return err
	}
	for _, err := range s.Prompts(context.Background()) {
		if err != nil {
			return err
		}
	}
	return nil
}

// wantError fails unless err has the text; %s stands for the file.
func wantError(t *testing.T, err error, file, want string) {
	t.Helper()
	want = strings.ReplaceAll(want, "%s", file)
	if err == nil || err.Error() != want {
		t.Errorf("error\n got %v\nwant %s", err, want)
	}
}

// tempFile writes a file and returns its folder and path.
func tempFile(t *testing.T, name, text string) (base, file string) {
	t.Helper()
	base = t.TempDir()
	file = filepath.Join(base, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return base, file
}

func digest(t *testing.T, s Source, err error) data.Digest {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.Digest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func sameIDs(t *testing.T, got, want []data.Prompt) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d prompts, want %d", len(got), len(want))
	}
	for i := range got {
		if got[i].ID() != want[i].ID() {
			t.Errorf("prompt %d\n got %+v\nwant %+v", i, got[i], want[i])
		}
	}
}

// Every kind of source starts again at each call, and ends when its context does.
func TestContract(t *testing.T) {
	base, _ := tempFile(t, "tasks.jsonl", strings.Repeat(`{"prompt":"2+2?","answer":{"value":"4"}}`+"\n", 3))
	lines, err := NewJSONL(base, JSONLOptions{Path: "tasks.jsonl"})
	if err != nil {
		t.Fatal(err)
	}
	numbers, err := NewCountdown("", CountdownOptions{Count: 3})
	if err != nil {
		t.Fatal(err)
	}
	example := []data.Message{{Role: "user", Content: "1+1?"}, {Role: "assistant", Content: "2"}}
	for name, s := range map[string]Source{"reader": lines, "generator": numbers, "examples": WithExamples(lines, example)} {
		t.Run(name, func(t *testing.T) {
			first := collect(t, s, nil)
			if len(first) != 3 {
				t.Fatalf("%d prompts, want 3", len(first))
			}
			sameIDs(t, collect(t, s, nil), first)
			if digest(t, s, nil) != digest(t, s, nil) {
				t.Error("two digests differ")
			}

			stopped := errors.New("stopped")
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			var last error
			n := 0
			for _, err := range s.Prompts(ctx) {
				if last = err; err == nil {
					n++
					cancel(stopped)
				}
			}
			if n != 1 || !errors.Is(last, stopped) {
				t.Errorf("after the context ended: %d prompts, error %v; want 1 prompt and the cause", n, last)
			}
			if _, err := s.Digest(ctx); !errors.Is(err, stopped) {
				t.Errorf("digest after the context ended: %v", err)
			}
		})
	}
}
