package export

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"

	"mulligan/data"
	"mulligan/data/similar"
)

// The rule in other words: the digest of what the task says, as a fraction of 2^53.
func expectedSplit(d data.Digest, names []string, shares []float64) string {
	at := float64(binary.BigEndian.Uint64(d[:8])/2048) / 9007199254740992
	sum := 0.0
	for i, name := range names[:len(names)-1] {
		if sum += shares[i]; at < sum {
			return name
		}
	}
	return names[len(names)-1]
}

func TestSplitsAreByTask(t *testing.T) {
	all, err := Options{Splits: map[string]float64{"train": 0.8, "dev": 0.15, "test": 0.05}}.resolveSplits()
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "order", all.names(), `["dev","test","train"]`)
	got := map[string]int{}
	const n = 20000
	for i := range n {
		task := fmt.Sprintf("task %d", i)
		split := all.of(questionID(task))
		if again := all.of(questionID(fmt.Sprintf(" Task  %d\n", i))); again != split {
			t.Fatalf("task %d is in %s, and in %s where it is written otherwise", i, split, again)
		}
		text := similar.Digest(task)
		h := data.NewHasher("split")
		h.Bytes(text[:])
		if want := expectedSplit(h.Sum(), []string{"dev", "test", "train"}, []float64{0.15, 0.05, 0.8}); split != want {
			t.Fatalf("task %d is in %s, want %s", i, split, want)
		}
		got[split]++
	}
	for name, share := range map[string]float64{"train": 0.8, "dev": 0.15, "test": 0.05} {
		if d := float64(got[name]) - share*n; math.Abs(d) > 4*math.Sqrt(share*(1-share)*n) { // four standard deviations
			t.Errorf("%s has %d of %d, want about %g", name, got[name], n, share*n)
		}
	}
}

func TestSplitsAreRefused(t *testing.T) {
	for want, o := range map[string]Options{
		`option splits: shares add up to 0.9, want 1`:                     {Splits: map[string]float64{"a": 0.5, "b": 0.4}},
		`option splits: share of a is -0.5, want more than 0`:             {Splits: map[string]float64{"a": -0.5, "b": 1.5}},
		`option splits: share of b is NaN`:                                {Splits: map[string]float64{"a": 0.5, "b": math.NaN()}},
		`option splits: name "../x": want letters`:                        {Splits: map[string]float64{"../x": 1}},
		`option split: name all: the library datasets`:                    {Split: "all"},
		`option splits: name train stands twice but for case`:             {Splits: map[string]float64{"Train": 0.5, "train": 0.5}},
		`option split is "train", but splits names some: give one of the`: {Split: "train", Splits: map[string]float64{"a": 1}},
	} {
		_, err := o.resolve()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

func TestSplitOfAFile(t *testing.T) {
	all := splits{{Name: "train", Share: 0.5}, {Name: "train_2", Share: 0.5}}
	for name, want := range map[string]string{"train-00000-of-00001.parquet": "train", "train_2-00000-of-00001.parquet": "train_2", "other-00000-of-00001.parquet": "", "train": ""} {
		if got, _ := all.ofFile(name); got != want {
			t.Errorf("%s is of %q, want %q", name, got, want)
		}
	}
}
