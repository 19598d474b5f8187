package export

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// benchRows is how many rows BenchmarkAgainstPyarrow writes; BENCH_ROWS overrides it.
func benchRows(b *testing.B, n int) int {
	text := os.Getenv("BENCH_ROWS")
	if text == "" {
		return n
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		b.Fatalf("BENCH_ROWS: %v", err)
	}
	return n
}

// benchTokens makes ids as text has them: of 128,000, the rank of each drawn by Zipf's law.
type benchTokens struct {
	*rand.Rand
	zipf *rand.Zipf
	ids  []int32 // by rank
}

func newBenchTokens(seed uint64) benchTokens {
	r := rand.New(rand.NewPCG(seed, 1))
	t := benchTokens{Rand: r, zipf: rand.NewZipf(r, 1.1, 8, 127_999)}
	for _, id := range r.Perm(128_000) {
		t.ids = append(t.ids, int32(id))
	}
	return t
}

func (t benchTokens) id() int32 { return t.ids[t.zipf.Uint64()] }

func (t benchTokens) text(words int) string {
	var b strings.Builder
	for range words {
		fmt.Fprintf(&b, "%s ", strconv.FormatUint(uint64(t.id())*2654435761%99991, 36))
	}
	return b.String()
}

func (t benchTokens) hex() string {
	return fmt.Sprintf("%016x%016x%016x%016x", t.Uint64(), t.Uint64(), t.Uint64(), t.Uint64())
}

// sequences are rows of 500 to 1,500 tokens, half of them sampled, a quarter in the loss.
func benchSequences(n int) []SequenceRow {
	t := newBenchTokens(1)
	rows := make([]SequenceRow, n)
	group := ""
	for i := range rows {
		if i%8 == 0 {
			group = t.hex()
		}
		T := 500 + t.IntN(1001)
		row := SequenceRow{
			EpisodeID: t.hex(), GroupID: group, SampleIndex: int32(i % 8), Kind: KindMerged, TrainedTurns: 1,
			PromptLen: int32(T / 2), LogprobsComplete: true, LogprobsMode: "raw", Reward: float64(i % 2), Label: ptr(i%2 == 0),
			Temperature: ptr(1.0), TopP: ptr(1.0), TopK: number(0), EndToken: ptr("inferred"), TokenSource: "engine", Exact: true,
			PolicyVersion: ptr("sha256:0f0f"), TokenizerID: ptr("c0ffee"), ChatTemplateSHA256: ptr("ab12"),
		}
		advantage := float32(t.NormFloat64())
		for k := range T {
			sampled, loss, segment, label, logprob, a := int8(0), int8(0), int8(0), int32(-100), float32(0), float32(0)
			id := t.id()
			if k >= T/2 {
				sampled, segment, logprob = 1, 3, -float32(t.ExpFloat64())
			}
			if k >= T/2 && k < 3*T/4 {
				loss, segment, label, a = 1, 2, id, advantage
			}
			row.InputIDs = append(row.InputIDs, id)
			row.SampledMask, row.LossMask, row.SegmentIDs = append(row.SampledMask, sampled), append(row.LossMask, loss), append(row.SegmentIDs, segment)
			row.Labels, row.Logprobs, row.Advantages = append(row.Labels, label), append(row.Logprobs, &logprob), append(row.Advantages, a)
		}
		row.SequenceID = row.id()
		rows[i] = row
	}
	return rows
}

// benchSFT are the sequences up to the last token of the loss, about 750 tokens.
func benchSFT(n int) []SFTTokensRow {
	rows := make([]SFTTokensRow, n)
	for i, s := range benchSequences(n) {
		end := 3 * len(s.InputIDs) / 4
		rows[i] = SFTTokensRow{s.InputIDs[:end], slices.Repeat([]int8{1}, end), s.Labels[:end]}
	}
	return rows
}

func benchKTO(n int) []KTORow {
	t := newBenchTokens(2)
	rows := make([]KTORow, n)
	var prompt []Message
	group := ""
	for i := range rows {
		if i%8 == 0 {
			prompt = []Message{{"user", t.text(80)}, {"assistant", t.text(60)}, {"user", "That was wrong. Reflect on what went wrong."}}
			group = t.hex()
		}
		rows[i] = KTORow{Prompt: prompt, Completion: []Message{{"assistant", t.text(60)}}, Label: i%3 == 0, EpisodeID: t.hex(), GroupID: group, Reward: float64(i%3) / 2}
	}
	return rows
}

// BenchmarkAgainstPyarrow writes the same rows with this package and with pyarrow, in turns, with the same codec and row groups, and
// prints the medians of their processor times, garbage collection included. MULLIGAN_PYTHON names a Python with pyarrow.
//
//	export       rows in memory, each checked and measured as an export does, to a file
//	unchecked    the same without the checks
//	pylist, script, arrow, arrow_split: see exporttest/bench/parquet.py
func BenchmarkAgainstPyarrow(b *testing.B) {
	b.Run("sft_tokens", func(b *testing.B) { againstPyarrow(b, benchSFT(benchRows(b, 10_000)), 1000) })
	b.Run("sequences", func(b *testing.B) { againstPyarrow(b, benchSequences(benchRows(b, 10_000)), 1000) })
	b.Run("kto", func(b *testing.B) { againstPyarrow(b, benchKTO(benchRows(b, 100_000)), 1000) })
}

func againstPyarrow[R any](b *testing.B, rows []R, group int) {
	python := os.Getenv("MULLIGAN_PYTHON")
	if python == "" {
		b.Skip("MULLIGAN_PYTHON is not set")
	}
	dir := b.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	writeRows(b, jsonlEncoding[R]{}, path("rows.jsonl"), rows, group)
	ours := parquetEncoding[R]{"bench"}
	writeRows(b, ours, path("ours.parquet"), rows, group)

	c := exec.Command(python, "exporttest/bench/parquet.py", path("rows.jsonl"), path("ours.parquet"), path("theirs.parquet"), strconv.Itoa(group))
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() {
		in.Close()
		c.Wait()
	}()
	answers := bufio.NewScanner(out)
	answers.Scan()

	sides := []string{"export", "unchecked", "pylist", "script", "arrow", "arrow_split"}
	times, sizes := map[string][]float64{}, map[string]int64{}
	for b.Loop() {
		for _, side := range sides {
			var seconds float64
			switch side {
			case "export":
				seconds = processorTime(func() { sizes[side] = writeChecked(b, ours, path("ours.parquet"), rows, group) })
			case "unchecked":
				seconds = processorTime(func() { sizes[side] = writeRows(b, ours, path("ours.parquet"), rows, group) })
			default:
				fmt.Fprintln(in, side)
				if !answers.Scan() {
					b.Fatal("no answer of pyarrow")
				}
				var size int64
				if _, err := fmt.Sscan(answers.Text(), &seconds, &size); err != nil {
					b.Fatal(err)
				}
				sizes[side] = size
			}
			times[side] = append(times[side], seconds)
		}
	}
	median := func(side string) float64 {
		t := slices.Clone(times[side])
		slices.Sort(t)
		return t[len(t)/2]
	}
	for _, side := range sides {
		b.Logf("%-11s %7.3f s  %9.0f rows/s  %10d bytes  %5.2f times the export's time  %.3f of its size", side, median(side), float64(len(rows))/median(side), sizes[side],
			median(side)/median("export"), float64(sizes[side])/float64(sizes["export"]))
	}
	b.ReportMetric(0, "ns/op")
}

// processorTime returns the seconds of processor time, garbage collection included, that f took.
func processorTime(f func()) float64 {
	spent := func() time.Duration {
		var u syscall.Rusage
		syscall.Getrusage(syscall.RUSAGE_SELF, &u)
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	before := spent()
	f()
	return (spent() - before).Seconds()
}

func writeRows[R any](b *testing.B, e encoding[R], path string, rows []R, group int) int64 {
	return writeEach(b, e, path, rows, group, func(*R) error { return nil })
}

// writeChecked is writeRows with what an export does with a row besides.
func writeChecked[R any](b *testing.B, e encoding[R], path string, rows []R, group int) int64 {
	columns := columnsOf(reflect.TypeFor[R]())
	return writeEach(b, e, path, rows, group, func(row *R) error {
		if _, err := measure(columns, reflect.ValueOf(row).Elem()); err != nil {
			return err
		}
		return any(row).(interface{ check() error }).check()
	})
}

func writeEach[R any](b *testing.B, e encoding[R], path string, rows []R, group int, before func(*R) error) int64 {
	return create(b, path, func(w io.Writer) error {
		rw, err := e.create(w)
		if err != nil {
			return err
		}
		for i := range rows {
			if err := before(&rows[i]); err != nil {
				return err
			}
			if err := rw.write(rows[i]); err != nil {
				return err
			}
			if (i+1)%group == 0 {
				if err := rw.flush(); err != nil {
					return err
				}
			}
		}
		return rw.close()
	})
}

func create(b *testing.B, path string, write func(io.Writer) error) int64 {
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<18)
	if err := write(w); err != nil {
		b.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		b.Fatal(err)
	}
	return info.Size()
}
