package journal

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mulligan/data/disk"
	"mulligan/data/disk/disktest"
)

const common = `the of and to a in is it you that he was for on are with as his they be at one have this from or had by
but some what there we can out other were all your when up use word how said an each she which do their time if will way about many
then them would write like so these her long make thing see him two has look more day could go come did my sound no most number who
over know water than call first people may down side been now find any new work part take get place made live where after back only`

// bodies are texts of a length in bytes; the long ones compress to about half.
func bodies(length int) [][]byte {
	words := strings.Fields(common)
	rng := rand.New(rand.NewPCG(1, 2))
	list := make([][]byte, 1024)
	for i := range list {
		for len(list[i]) < length {
			w := words[int(float64(len(words))*rng.Float64()*rng.Float64())]
			list[i] = append(append(list[i], w...), ' ')
		}
		list[i] = list[i][:length]
	}
	return list
}

// appendGroups appends n records from many goroutines, each of which waits until its record is on
// disk before it appends the next, and returns the time for it.
func appendGroups(b *testing.B, callers, n, length int) time.Duration {
	j, _, err := Open(disk.OS{}, b.TempDir(), Options{}, nil)
	must(b, err)
	texts := bodies(length)
	var next atomic.Int64
	var wg sync.WaitGroup
	runtime.GC()
	start := time.Now()
	for range callers {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				if _, err := j.Append(context.Background(), Record{Header{Kind: 1, Key: Key{byte(i)}}, texts[i%1024]}); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	took := time.Since(start)
	s := j.Stats()
	must(b, j.Close())
	b.ReportMetric(float64(s.Records)/float64(s.Groups), "records/fsync")
	return took
}

// appendPlain writes n records one by one, each with its own fsync: what a program without a
// journal does.
func appendPlain(b *testing.B, n, length int) time.Duration {
	f, err := os.Create(filepath.Join(b.TempDir(), "plain"))
	must(b, err)
	defer f.Close()
	texts := bodies(length)
	start := time.Now()
	for i := range n {
		_, err := f.Write(texts[i%1024])
		must(b, err, f.Sync())
	}
	return time.Since(start)
}

func perSecond(n int, took time.Duration) float64 { return float64(n) / took.Seconds() }

func BenchmarkAppendGroup(b *testing.B) {
	for _, callers := range []int{1, 16, 64, 256, 1024} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			took := appendGroups(b, callers, b.N, 600)
			b.ReportMetric(perSecond(b.N, took), "records/s")
		})
	}
}

func BenchmarkAppendPlainFsync(b *testing.B) {
	took := appendPlain(b, b.N, 600)
	b.ReportMetric(perSecond(b.N, took), "records/s")
}

// BenchmarkAppendRatio alternates the two on the same disk, and reports how many times as many
// records the journal acknowledges. TMPDIR has to be on a disk: in memory an fsync costs nothing.
func BenchmarkAppendRatio(b *testing.B) {
	for _, length := range []int{600, 2000} {
		for _, callers := range []int{64, 256, 1024} {
			b.Run(fmt.Sprintf("bytes=%d/callers=%d", length, callers), func(b *testing.B) {
				var group, plain time.Duration
				const rounds, few, perCaller = 5, 100, 60
				for range b.N {
					for range rounds {
						plain += appendPlain(b, few, length)
						group += appendGroups(b, callers, perCaller*callers, length)
					}
				}
				g, p := perSecond(b.N*rounds*perCaller*callers, group), perSecond(b.N*rounds*few, plain)
				b.ReportMetric(g, "group-records/s")
				b.ReportMetric(p, "plain-records/s")
				b.ReportMetric(g/p, "ratio")
			})
		}
	}
}

// BenchmarkOpen1M indexes a journal of a million draws, as a run that goes on does.
func BenchmarkOpen1M(b *testing.B) {
	const records = 1_000_000
	dir := b.TempDir()
	j, _, err := Open(disk.OS{}, dir, Options{}, nil)
	must(b, err)
	texts := bodies(600)
	batch := make([]Record, 1000)
	for i := 0; i < records; i += len(batch) {
		for k := range batch {
			n := i + k
			batch[k] = Record{Header{1, Key{byte(n), byte(n >> 8), byte(n >> 16)}, Key{byte(n / 8), byte(n >> 11)}}, texts[n%1024]}
		}
		_, err := j.AppendLazy(batch...)
		must(b, err)
	}
	must(b, j.Close())
	open := func(b *testing.B, visit visitor) {
		for range b.N {
			j, rec, err := OpenReadOnly(disk.OS{}, dir, visit)
			must(b, err)
			if rec.Records != records {
				b.Fatalf("%d records", rec.Records)
			}
			b.SetBytes(rec.Bytes)
			must(b, j.Close())
		}
	}
	b.Run("scan", func(b *testing.B) { open(b, nil) })
	b.Run("index", func(b *testing.B) {
		var index map[Key]Ref
		visit := func(ref Ref, h Header, _ func() ([]byte, error)) error {
			index[h.Key] = ref
			return nil
		}
		index = make(map[Key]Ref)
		open(b, visit)
		if len(index) != records {
			b.Errorf("%d keys", len(index))
		}
	})
	b.Run("decode", func(b *testing.B) {
		open(b, func(_ Ref, _ Header, body func() ([]byte, error)) error {
			_, err := body()
			return err
		})
	})
	b.Run("verify", func(b *testing.B) {
		for range b.N {
			_, err := Verify(disk.OS{}, dir, nil)
			must(b, err)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	j, _, err := Open(disktest.New(), "j", Options{}, nil)
	must(b, err)
	var refs []Ref
	for _, text := range bodies(600) {
		r, err := j.Append(context.Background(), Record{Header{Kind: 1}, text})
		must(b, err)
		refs = append(refs, r...)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		_, err := j.Read(refs[i%len(refs)])
		must(b, err)
	}
}
