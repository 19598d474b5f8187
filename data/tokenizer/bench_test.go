package tokenizer_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"mulligan/data/tokenizer"
)

type benchKind struct {
	name  string
	texts []string
}

// benchTexts are about a megabyte each, in texts of about 2,000 bytes: as long as a model's reply.
func benchTexts(b *testing.B) []benchKind {
	kinds := []benchKind{{name: "prose"}, {name: "code"}, {name: "20 scripts"}}
	for i, patterns := range [][]string{
		{"../../README.md", "../../docs/*.md"},
		{"../*.go", "*.go", "../../stages/*/*.go", "../../export/*.go"},
	} {
		var all strings.Builder
		for _, pattern := range patterns {
			paths, err := filepath.Glob(pattern)
			if err != nil {
				b.Fatal(err)
			}
			for _, path := range paths {
				text, err := os.ReadFile(path)
				if err != nil {
					b.Fatal(err)
				}
				all.Write(text)
			}
		}
		if all.Len() == 0 {
			b.Fatalf("no texts of %s", kinds[i].name)
		}
		kinds[i].texts = chunks(all.String(), 1<<20)
	}
	g := newTexts(1, nil)
	var all strings.Builder
	for all.Len() < 1<<20 {
		all.WriteString(g.prose())
		all.WriteByte('\n')
	}
	kinds[2].texts = chunks(all.String(), 1<<20)
	return kinds
}

// chunks cuts a text into texts of about 2,000 bytes, repeated until there are most bytes.
func chunks(text string, most int) []string {
	lines := strings.SplitAfter(strings.ToValidUTF8(text, "?"), "\n")
	var all []string
	for n := 0; n < most; {
		var chunk strings.Builder
		for _, line := range lines {
			if chunk.Len() > 2000 {
				all, n = append(all, chunk.String()), n+chunk.Len()
				chunk.Reset()
			}
			chunk.WriteString(line)
		}
		all, n = append(all, chunk.String()), n+chunk.Len()
	}
	return all
}

func size(texts []string) (n int) {
	for _, s := range texts {
		n += len(s)
	}
	return n
}

// each runs a benchmark for each tokenizer.json in MULLIGAN_VOCABULARIES.
func each(b *testing.B, run func(b *testing.B, path string, file []byte)) {
	paths, _ := filepath.Glob(filepath.Join(os.Getenv("MULLIGAN_VOCABULARIES"), "*.json"))
	if os.Getenv("MULLIGAN_VOCABULARIES") == "" || len(paths) == 0 {
		b.Skip("MULLIGAN_VOCABULARIES names no folder with tokenizer.json files")
	}
	for _, path := range paths {
		file, err := os.ReadFile(path)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(strings.TrimSuffix(filepath.Base(path), ".json"), func(b *testing.B) { run(b, path, file) })
	}
}

func BenchmarkReadJSON(b *testing.B) {
	each(b, func(b *testing.B, _ string, file []byte) {
		b.SetBytes(int64(len(file)))
		for b.Loop() {
			if _, err := tokenizer.ReadJSON(file); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	kinds := benchTexts(b)
	each(b, func(b *testing.B, _ string, file []byte) {
		t, err := tokenizer.ReadJSON(file)
		if err != nil {
			b.Fatal(err)
		}
		for _, kind := range kinds {
			b.Run(kind.name, func(b *testing.B) {
				b.SetBytes(int64(size(kind.texts)))
				b.ReportAllocs()
				for b.Loop() {
					for _, s := range kind.texts {
						t.Encode(s, tokenizer.Options{})
					}
				}
			})
		}
	})
}

// BenchmarkLongWord encodes one word of 100,000 letters: merging takes n log n.
func BenchmarkLongWord(b *testing.B) {
	each(b, func(b *testing.B, _ string, file []byte) {
		t, err := tokenizer.ReadJSON(file)
		if err != nil {
			b.Fatal(err)
		}
		word := strings.Repeat("ab", 50000)
		b.SetBytes(int64(len(word)))
		for b.Loop() {
			t.Encode(word, tokenizer.Options{})
		}
	})
}

// BenchmarkAgainstRust encodes the same texts with Hugging Face's library (MULLIGAN_PYTHON names a Python
// with tokenizers 0.23.3), on one core, in turns with ours, and reports the ratio of speeds. The
// library's time is that of encode_batch_fast, without the making of Python lists.
func BenchmarkAgainstRust(b *testing.B) {
	python := os.Getenv("MULLIGAN_PYTHON")
	if python == "" {
		b.Skip("MULLIGAN_PYTHON is not set")
	}
	kinds := benchTexts(b)
	each(b, func(b *testing.B, path string, file []byte) {
		t, err := tokenizer.ReadJSON(file)
		if err != nil {
			b.Fatal(err)
		}
		for _, kind := range kinds {
			b.Run(kind.name, func(b *testing.B) {
				against(b, t, python, path, kind.texts)
			})
		}
	})
}

// against reports the fastest of each library's passes.
func against(b *testing.B, t *tokenizer.Tokenizer, python, path string, texts []string) {
	list, err := json.Marshal(texts)
	if err != nil {
		b.Fatal(err)
	}
	name := filepath.Join(b.TempDir(), "texts.json")
	if err := os.WriteFile(name, list, 0o600); err != nil {
		b.Fatal(err)
	}
	ours, theirs := time.Hour, time.Hour
	for range 2 {
		cmd := exec.Command(python, "testdata/bench.py", path, name)
		cmd.Env = append(os.Environ(), "TOKENIZERS_PARALLELISM=false", "RAYON_NUM_THREADS=1")
		out, err := cmd.Output()
		if err != nil {
			b.Fatalf("bench.py: %v", err)
		}
		seconds, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
		if err != nil {
			b.Fatal(err)
		}
		theirs = min(theirs, time.Duration(seconds*float64(time.Second)))
		for range 5 {
			start := time.Now()
			for _, s := range texts {
				t.Encode(s, tokenizer.Options{AddSpecial: true})
			}
			ours = min(ours, time.Since(start))
		}
	}
	for b.Loop() { // everything was measured above
	}
	n := float64(size(texts)) / 1e6
	b.ReportMetric(n/ours.Seconds(), "ours-MB/s")
	b.ReportMetric(n/theirs.Seconds(), "rust-MB/s")
	b.ReportMetric(theirs.Seconds()/ours.Seconds(), "ratio")
	b.ReportMetric(0, "ns/op")
}
