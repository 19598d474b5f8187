package similar_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"mulligan/data/similar"
)

// prose returns n texts of 60 words each, of a vocabulary of 20,000.
func prose(n int) []string {
	r := rand.New(rand.NewPCG(3, 4))
	vocabulary := make([]string, 20000)
	for i := range vocabulary {
		b := make([]byte, 2+r.IntN(8))
		for k := range b {
			b[k] = byte('a' + r.IntN(26))
		}
		vocabulary[i] = string(b)
	}
	texts := make([]string, n)
	for i := range texts {
		words := make([]string, 60)
		for k := range words {
			words[k] = vocabulary[int(float64(len(vocabulary))*r.Float64()*r.Float64())]
		}
		texts[i] = strings.Join(words, " ") + "."
	}
	return texts
}

// heap returns the bytes in use after a collection.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func BenchmarkTokens(b *testing.B) {
	for name, text := range map[string]string{"ascii": prose(1)[0], "accents": strings.ReplaceAll(prose(1)[0], "e", "é")} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				similar.Tokens(text)
			}
		})
	}
}

func BenchmarkNear(b *testing.B) {
	texts := prose(200000)
	before := heap()
	near, err := similar.NewNear(similar.NearOptions{})
	if err != nil {
		b.Fatal(err)
	}
	i := 0
	for b.Loop() {
		near.Add(i, texts[i%len(texts)])
		i++
	}
	b.ReportMetric(float64(heap()-before)/float64(near.Stats().Kept), "B/text")
	runtime.KeepAlive(texts)
}

func BenchmarkExact(b *testing.B) {
	texts := prose(200000)
	before := heap()
	e := similar.NewExact()
	i := 0
	for b.Loop() {
		e.Add(i, texts[i%len(texts)])
		i++
	}
	b.ReportMetric(float64(heap()-before)/float64(min(i, len(texts))), "B/text")
	runtime.KeepAlive(texts)
	runtime.KeepAlive(e)
}

func BenchmarkFind(b *testing.B) {
	texts := prose(42000)
	before := heap()
	d, err := similar.NewDecontaminator(func(yield func(similar.Entry, error) bool) {
		for i, text := range texts[:21000] {
			if !yield(similar.Entry{Set: "set", Name: fmt.Sprint(i), Text: text}, nil) {
				return
			}
		}
	}, similar.DecontaminateOptions{})
	if err != nil {
		b.Fatal(err)
	}
	after := heap()
	i := 0
	for b.Loop() {
		d.Find(texts[i%len(texts)])
		i++
	}
	b.ReportMetric(float64(after-before)/float64(d.Stats().NGrams), "B/n-gram")
	b.ReportMetric(float64(d.Stats().NGrams), "n-grams")
}
