package llm_test

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"

	"mulligan/data"
	"mulligan/stages/llm"
)

// BenchmarkBalancer is what a draw pays for being balanced: taking and giving back a place, from
// 1,024 callers, with siblings that have a home.
func BenchmarkBalancer(b *testing.B) {
	done := fake(func(_ context.Context, req llm.Request) (llm.Completion, error) {
		runtime.Gosched()
		return llm.Completion{Draw: data.Draw{Path: req.Draw}}, nil
	})
	inspect := func(context.Context) (llm.Info, error) { return llm.Info{}, nil }
	for _, n := range []int{1, 4, 64} {
		b.Run(fmt.Sprintf("endpoints=%d", n), func(b *testing.B) {
			var ends []llm.Endpoint
			for i := range n {
				ends = append(ends, llm.Endpoint{Name: fmt.Sprint(i), Model: done, Inspect: inspect})
			}
			m, err := llm.NewBalancer(ends, llm.BalanceOptions{})
			if err != nil {
				b.Fatal(err)
			}
			defer m.Close()
			if _, err := m.Connect(b.Context()); err != nil {
				b.Fatal(err)
			}
			var ids atomic.Int64
			b.SetParallelism(1024 / runtime.GOMAXPROCS(0))
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				req := llm.Request{Draw: []int{0, 0}}
				for i := 0; pb.Next(); i++ {
					if i%8 == 0 {
						id := ids.Add(1)
						req.Prompt = data.Digest{byte(id), byte(id >> 8), byte(id >> 16)}
					}
					req.Draw[0] = i % 8
					m.Generate(context.Background(), req)
				}
			})
		})
	}
}
