package pipeline

import (
	"testing"

	"mulligan/data"
	"mulligan/data/disk/disktest"
	"mulligan/stages/llm/script"
)

func TestDoubtfulDrawsAreDrawnAgain(t *testing.T) {
	fsys := disktest.New()
	want := newRig(fsys, script.Func(coin)).must(t)
	run, err := OpenToScore(fsys, "run")
	if err != nil {
		t.Fatal(err)
	}
	all := run.Finished()
	var doubtful []data.Digest
	owners := map[data.Digest]bool{}
	for s, err := range run.sampled([]string{data.StepRetry}, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if len(doubtful) < 3 {
			doubtful = append(doubtful, s.Draw.Key)
			owners[s.Prompt] = true
		}
	}
	n, err := run.Doubt(t.Context(), append(doubtful, data.Digest{1})) // the last was never recorded
	if err != nil || n != 3 || run.Finished() != all-len(owners) {
		t.Errorf("%v: %d noted, %d of %d finished", err, n, run.Finished(), all)
	}
	if err := run.Close(); err != nil {
		t.Fatal(err)
	}
	m := newCounting(script.Func(coin))
	if got := newRig(fsys, m).must(t); got != want {
		t.Error("the run is another one than before")
	}
	if len(m.seen) != 3 {
		t.Errorf("%d draws were asked for, want the 3 in doubt", len(m.seen))
	}
	again := newCounting(script.Func(coin))
	if got := newRig(fsys, again).must(t); got != want || len(again.seen) != 0 {
		t.Errorf("what was drawn again is asked for once more: %d", len(again.seen))
	}
	if rep, err := Check(fsys, "run"); err != nil || rep.Kinds["draws in doubt"] != 3 {
		t.Errorf("%v %v", err, rep.Kinds)
	}
}
