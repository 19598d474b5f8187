package page

import (
	"io"
	"testing"

	"mulligan/data"
	"mulligan/export/exporttest"
)

// BenchmarkWrite reports the bytes of the file, and groups a second.
func BenchmarkWrite(b *testing.B) {
	var groups []data.Group
	tokens := 0
	for g := range many(3000) {
		groups = append(groups, g)
		for _, r := range rowOf(g).Rollouts {
			tokens += r.Tokens
		}
	}
	var size counter
	b.ResetTimer()
	for range b.N {
		size = 0
		if err := Write(io.MultiWriter(&size), report(), exporttest.All(groups), Options{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(groups))*float64(b.N)/b.Elapsed().Seconds(), "groups/s")
	b.ReportMetric(float64(size)/float64(tokens), "bytes/token")
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
