package pipeline

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"mulligan/data"
	"mulligan/data/disk/disktest"
	"mulligan/stages/llm"
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
	for s, err := range run.Sampled([]string{data.StepRetry}, 0) {
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

// wrong is what another model would say.
func wrong(req llm.Request) script.Reply {
	r := coin(req)
	r.Text += " WRONG"
	return r
}

// A draw that was made again stays the one that counts: under other labels, and for the scores.
func TestDrawnAgainStaysDrawnAgain(t *testing.T) {
	fsys := disktest.New()
	r := newRig(fsys, script.Func(wrong))
	r.must(t)
	run, err := OpenToScore(fsys, "run")
	if err != nil {
		t.Fatal(err)
	}
	by := data.Policy{Model: "judge"}
	if _, err := run.Score(t.Context(), ScoreJob{Scorer: &judge{}, Policy: by}); err != nil {
		t.Fatal(err)
	}
	var all []data.Digest
	for s, err := range run.Sampled(nil, 0) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s.Draw.Key)
	}
	if n, err := run.Doubt(t.Context(), all); err != nil || n != len(all) || run.Finished() != 0 {
		t.Fatalf("%v: %d of %d noted, %d finished", err, n, len(all), run.Finished())
	}
	if err := run.Close(); err != nil {
		t.Fatal(err)
	}
	want := newRig(disktest.New(), script.Func(coin)).must(t)
	if got := newRig(fsys, script.Func(coin)).must(t); got != want || strings.Contains(got, "WRONG") {
		t.Error("what is in doubt is still there")
	}
	relabelled := newRig(fsys, newCounting(script.Func(coin)))
	relabelled.labels = "b"
	if got := relabelled.must(t); strings.Contains(got, "WRONG") || len(relabelled.model.(*counting).seen) != 0 {
		t.Error("what is in doubt comes back under other labels")
	}
	if run, err = OpenToScore(fsys, "run"); err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	out, err := run.Score(t.Context(), ScoreJob{Scorer: &judge{}, Policy: by})
	if err != nil || out.Before != 0 || out.Scored == 0 {
		t.Errorf("%v %+v: scores of draws that were made again are no scores of them", err, out)
	}
	for s, err := range run.Scores(by, nil, 0) {
		if err != nil || len(s.Logprobs) != len(s.Draw.Tokens.IDs) {
			t.Fatalf("%v %+v", err, s)
		}
	}
}

// A draw that is on its way to the journal when its endpoint is found to have changed is noted there.
func TestDoubtWhileDrawing(t *testing.T) {
	fsys := disktest.New()
	var run *Run
	first := true
	r := newRig(fsys, nil)
	r.width = 1
	r.model = fakeModel(func(ctx context.Context, req llm.Request) (llm.Completion, error) {
		c, err := script.Func(wrong).Generate(ctx, req)
		if first {
			first = false
			if n, derr := run.Doubt(ctx, []data.Digest{req.Key()}); derr != nil || n != 0 { // not recorded yet
				t.Errorf("%d %v", n, derr)
			}
		}
		return c, err
	})
	r.started = func(r *Run) { run = r }
	run, out, err := r.run(t.Context())
	if err != nil || out.Finished != 11 || run.Doubtful() != 1 || run.Finished() != 11 {
		t.Errorf("%v %+v, %d in doubt: want the prompt of the draw in doubt to be unfinished", err, out, run.Doubtful())
	}
	if err := run.Close(); err != nil {
		t.Fatal(err)
	}
	m := newCounting(script.Func(wrong))
	newRig(fsys, m).must(t)
	if len(m.seen) != 1 {
		t.Errorf("%d draws were asked for, want the one in doubt", len(m.seen))
	}
}

type fakeModel func(ctx context.Context, req llm.Request) (llm.Completion, error)

func (f fakeModel) Generate(ctx context.Context, req llm.Request) (llm.Completion, error) {
	return f(ctx, req)
}

// A template that holds the date renders a prompt otherwise on another day: what was drawn of it before is
// drawn again, and the run goes on.
func TestTemplateWithTheDate(t *testing.T) {
	made := 0
	for stop := 5; stop < 60; stop += 5 {
		fsys := disktest.New()
		ctx, cancel := context.WithCancel(t.Context())
		var n atomic.Int32
		r := newRig(fsys, script.Func(func(req llm.Request) script.Reply {
			if int(n.Add(1)) == stop {
				cancel()
			}
			return coin(req)
		}))
		r.day = 1
		run, _, err := r.run(ctx)
		if err == nil {
			t.Fatal("the run was not interrupted")
		}
		if err := run.Close(); err != nil {
			t.Fatal(err)
		}
		second := newRig(fsys, script.Func(coin))
		second.day = 2
		run, out, err := second.run(t.Context())
		if err != nil || out.Failed != 0 || run.Finished() != 12 || out.Stale != run.Doubtful() {
			t.Errorf("%v %+v, %d finished, %d in doubt", err, out, run.Finished(), run.Doubtful())
		}
		made += out.Stale
		for g, err := range run.Groups() {
			if err == nil {
				err = g.Check()
			}
			if err != nil {
				t.Error(err)
			}
		}
		run.Close()
	}
	if made == 0 {
		t.Error("no draw was made again: nothing is shown")
	}
}
