package export

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"mulligan/data"
	"mulligan/data/disk"
	"mulligan/export/exporttest"
)

// What the rows of sequences say, in numbered promises; data.Sequence has those of one sequence.
//
// 1. One row for each sequence that holds a token of the loss; its index counts the others too.
// 2. Labels are the ids where the loss is, else -100, not shifted.
// 3. A log-probability that is not known is NULL, never 0; a list of which none is known is NULL.
// 4. Ids of a source that is not named, in a turn or in a context, refuse the export, or are left out by name.
// 5. So do log-probabilities of an unknown mode, of two modes, or of two ways of sampling where they are processed.
// 6. Every turn that trains is in a row, or counted as left out.

// drawn is a prompt whose rollouts have ids: tokens are those of attempt, reflection and retry.
func drawn(n int, tokens ...[3]*data.Tokens) []data.Group {
	p := data.Prompt{Messages: []data.Message{{Role: "user", Content: fmt.Sprintf("task %d", n)}}}
	failed := exporttest.Attempt("no", []int{0}, exporttest.Judged(false, 0, ""))
	failed.Draw.Tokens = tokens[0][0]
	g := exporttest.Reflection(p, 0)
	for k, t := range tokens {
		r := exporttest.Retried(p, failed, "I see.", k, k == 0)
		for step, at := range map[int]int{1: 3, 2: 5} {
			r.Turns[at].Draw.Tokens, r.Turns[at].Draw.LogprobsMode = t[step], data.LogprobsRaw
			r.Turns[at].Draw.Key[0] = byte(16*step + k)
		}
		g.Rollouts = append(g.Rollouts, r)
	}
	return []data.Group{exporttest.Attempts(p, failed), g}
}

// of are ids of the engine in a context of the engine's.
func of(prompt, ids []int32, logprobs []float32, end data.EndToken) *data.Tokens {
	return &data.Tokens{Prompt: prompt, PromptSource: data.TokensEngine, IDs: ids, Logprobs: logprobs, Source: data.TokensEngine, End: end}
}

// whole are three turns that extend one another.
func whole() [3]*data.Tokens {
	return [3]*data.Tokens{
		of([]int32{1, 2}, []int32{10, 9}, []float32{-1, -2}, data.EndReturned),
		of([]int32{1, 2, 10, 9, 3}, []int32{20, 21, 9}, []float32{-3, 0, data.Unknown()}, data.EndInferred),
		of([]int32{1, 2, 10, 9, 3, 20, 21, 9, 4}, []int32{30, 9}, nil, data.EndNone),
	}
}

// forgetful are three turns of which none extends the one before.
func forgetful() [3]*data.Tokens {
	return [3]*data.Tokens{
		of([]int32{1, 2}, []int32{7, 10, 9}, nil, data.EndReturned),
		of([]int32{1, 2, 10, 9, 3}, []int32{8, 20, 9}, []float32{-3, -0.5, -1}, data.EndReturned),
		of([]int32{1, 2, 10, 9, 3, 20, 9, 4}, []int32{30, 9}, nil, data.EndReturned),
	}
}

func sequencesOf(t *testing.T, opts Options, groups []data.Group) ([]SequenceRow, tally, error) {
	t.Helper()
	opts, err := opts.resolve()
	if err != nil {
		t.Fatal(err)
	}
	var rows []SequenceRow
	left := tally{}
	for _, v := range viewsOf(t, opts, groups) {
		r, err := sequenceRows(v, left)
		if err != nil {
			return nil, nil, err
		}
		rows = append(rows, r...)
	}
	return rows, left, nil
}

func TestSequencePromises1To3(t *testing.T) {
	rows, _, err := sequencesOf(t, Options{}, drawn(0, whole()))
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d rows: %v", len(rows), err)
	}
	r := rows[0]
	equal(t, "input_ids", r.InputIDs, `[1,2,10,9,3,20,21,9,4,30,9]`)
	equal(t, "sampled_mask", r.SampledMask, `[0,0,1,1,0,1,1,1,0,1,1]`)
	equal(t, "loss_mask", r.LossMask, `[0,0,0,0,0,1,1,1,0,0,0]`)
	equal(t, "segment_ids", r.SegmentIDs, `[0,0,1,1,0,2,2,2,0,3,3]`)
	equal(t, "labels", r.Labels, `[-100,-100,-100,-100,-100,20,21,9,-100,-100,-100]`)
	equal(t, "logprobs", r.Logprobs, `[0,0,-1,-2,0,-3,0,null,0,null,null]`)
	equal(t, "more", []any{r.Kind, r.TrainedTurns, r.PromptLen, r.SequenceIndex, r.LogprobsComplete, r.LogprobsMode, r.Advantages, r.Reward, r.Label, r.EndToken, r.TokenSource, r.Exact, r.BreakReason, r.Truncated},
		`["merged",1,2,0,false,"raw",null,1,true,"inferred","engine",true,null,false]`)
	equal(t, "sampling", []any{r.Temperature, r.TopP, r.TopK}, `[1,1,0]`)

	rows, _, err = sequencesOf(t, Options{}, drawn(0, forgetful()))
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d rows: %v", len(rows), err)
	}
	r = rows[0]
	equal(t, "input_ids", r.InputIDs, `[1,2,10,9,3,8,20,9]`)
	equal(t, "logprobs", r.Logprobs, `[0,0,0,0,0,-3,-0.5,-1]`)
	equal(t, "more", []any{r.Kind, r.TrainedTurns, r.PromptLen, r.SequenceIndex, r.LogprobsComplete, r.SampledMask, r.SegmentIDs},
		`["call",1,5,1,true,[0,0,0,0,0,1,1,1],[0,0,0,0,0,2,2,2]]`)
	equal(t, "break", []any{r.BreakReason, r.BreakAt, r.BreakTurn}, `["ids_differ",2,1]`)

	none := forgetful()
	none[1].Logprobs = []float32{data.Unknown(), data.Unknown(), data.Unknown()}
	groups := drawn(0, none)
	groups[1].Rollouts[0].Turns[3].Draw.Stop = data.StopLength
	rows, _, err = sequencesOf(t, Options{}, groups)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "none known", []any{rows[0].Logprobs, rows[0].LogprobsMode, rows[0].LogprobsComplete, rows[0].Truncated}, `[null,"none",false,true]`)
}

// with changes the tokens of attempt, reflection and retry.
func with(change func(t [3]*data.Tokens)) [3]*data.Tokens {
	t := whole()
	change(t)
	return t
}

func TestSequencePromise4(t *testing.T) {
	retokenized := drawn(0, with(func(t [3]*data.Tokens) { t[1].Source = data.TokensRetokenized }))
	context := drawn(0, with(func(t [3]*data.Tokens) { t[2].PromptSource = data.TokensRetokenized }))
	unknown := drawn(0, with(func(t [3]*data.Tokens) { t[1].Prompt, t[1].PromptSource = nil, data.TokensNone }))
	aligned := drawn(0, with(func(t [3]*data.Tokens) { t[1].Source, t[1].PromptSource = data.TokensAligned, data.TokensRendered }))
	four := []string{"engine", "rendered", "aligned", "retokenized"}
	for _, c := range []struct {
		name   string
		groups []data.Group
		opts   Options
		rows   int
		want   string // of the error; "" for none
		left   string
	}{
		{"aligned", aligned, Options{}, 1, "", `{}`},
		{"aligned, not named", aligned, Options{TokenSources: []string{"engine"}}, 0, "rollout 0: turn 3 (reflection): the ids of draw 100000000000 are aligned, want engine", ``},
		{"retokenized", retokenized, Options{}, 0, "rollout 0: turn 3 (reflection): the ids of draw 100000000000 are retokenized, want engine, rendered, aligned: they may differ from what the engine worked with: name the source in token_sources to take them, or source in skip", ``},
		{"retokenized, named", retokenized, Options{TokenSources: four}, 1, "", `{}`},
		{"retokenized, skipped", retokenized, Options{Skip: []string{SkipSource}}, 0, "", `{"source":1}`},
		{"context", context, Options{}, 0, "turn 5 (retry): the ids of the context of draw 200000000000 are retokenized", ``},
		{"context, skipped", context, Options{Skip: []string{SkipSource}}, 0, "", `{"source":1}`},
		{"unknown", unknown, Options{}, 0, "rollout 0: turn 3 (reflection) trains, but its token ids are not known (draw 100000000000): the ids of its context are missing: draw with an engine that returns ids", ``},
		{"unknown, other skip", unknown, Options{Skip: []string{SkipSource}}, 0, "name no_tokens in skip", ``},
		{"unknown, skipped", unknown, Options{Skip: []string{SkipNoTokens}}, 0, "", `{"no_tokens":1}`},
	} {
		rows, left, err := sequencesOf(t, c.opts, c.groups)
		if c.want != "" {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: error %v, want %s", c.name, err, c.want)
			}
			continue
		}
		if err != nil || len(rows) != c.rows {
			t.Errorf("%s: %d rows, want %d: %v", c.name, len(rows), c.rows, err)
			continue
		}
		equal(t, c.name+": left out", left, c.left)
	}
}

// TestNothingIsPublishedWhereIDsAreRefused: the folder is as it was.
func TestNothingIsPublishedWhereIDsAreRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	groups := append(drawn(0, whole()), drawn(1, with(func(t [3]*data.Tokens) { t[1].Source = data.TokensRetokenized }))...)
	_, err := Write(context.Background(), disk.OS{}, dir, Info{}, Options{}, []Format{Episodes, Sequences}, exporttest.All(groups))
	if err == nil || !strings.Contains(err.Error(), "group reflection 0: sequences: rollout 0: turn 3 (reflection): the ids of draw 100000000000 are retokenized") {
		t.Errorf("error %v", err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("left %v", entries)
	}
}

func TestSequencePromise5(t *testing.T) {
	// two prompts; the change is made to the draws of the second one's attempt, reflection and retry
	groups := func(change func(d [3]*data.Draw)) []data.Group {
		second := drawn(1, whole())
		r := second[1].Rollouts[0]
		change([3]*data.Draw{r.Turns[1].Draw, r.Turns[3].Draw, r.Turns[5].Draw})
		return append(drawn(0, whole()), second...)
	}
	mode := func(m data.LogprobsMode) []data.Group {
		return groups(func(d [3]*data.Draw) { d[0].LogprobsMode, d[1].LogprobsMode = m, m })
	}
	processed := func(change func(s *data.Sampling)) []data.Group {
		all := groups(func([3]*data.Draw) {})
		for i, g := range all {
			for _, r := range g.Rollouts {
				for k := range r.Turns {
					if d := r.Turns[k].Draw; d != nil {
						d.LogprobsMode = data.LogprobsProcessed
						if i > 1 {
							change(&d.Sampling)
						}
					}
				}
			}
		}
		return all
	}
	for _, c := range []struct {
		name   string
		groups []data.Group
		want   string // of the error of the option same; "" for none
		modes  string // of the option any
	}{
		{"one mode", mode(data.LogprobsRaw), "", `["raw","raw"]`},
		{"the run's mode", mode(""), "", `["raw","raw"]`},
		{"another mode", mode(data.LogprobsProcessed), "the log-probabilities of turn 3 (reflection), draw 100000000000, are processed with temperature 1, top_p 1, top_k 0, min_p 0, repeat_penalty 1, but those of draw 100000000000 are raw: no ratio", `["raw","processed"]`},
		{"unknown mode", mode(data.LogprobsUnknown), "the log-probabilities of the sequence of turn 3 (reflection), draw 100000000000, are sampled_unknown", `["raw","sampled_unknown"]`},
		{"two modes in a row", groups(func(d [3]*data.Draw) { d[0].LogprobsMode = data.LogprobsProcessed }), "are mixed", `["raw","mixed"]`},
		{"a mode without numbers", groups(func(d [3]*data.Draw) { d[2].LogprobsMode = data.LogprobsProcessed }), "", `["raw","raw"]`},
		{"no numbers", groups(func(d [3]*data.Draw) { d[0].Tokens.Logprobs, d[1].Tokens.Logprobs = nil, nil }), "are none, but those of draw 100000000000 are raw", `["raw","none"]`},
		{"processed", processed(func(*data.Sampling) {}), "", `["processed","processed"]`},
		{"other length", processed(func(s *data.Sampling) { s.MaxTokens = 1 }), "", `["processed","processed"]`},
		{"other temperature", processed(func(s *data.Sampling) { s.Temperature = 0.5 }), "temperature 0.5", `["processed","processed"]`},
		{"other top_p", processed(func(s *data.Sampling) { s.TopP = 0.5 }), "top_p 0.5", `["processed","processed"]`},
		{"other top_k", processed(func(s *data.Sampling) { s.TopK = 7 }), "top_k 7", `["processed","processed"]`},
		{"other min_p", processed(func(s *data.Sampling) { s.MinP = 0.1 }), "min_p 0.1", `["processed","processed"]`},
		{"raw, other temperature", groups(func(d [3]*data.Draw) { d[1].Sampling.Temperature = 0.5 }), "", `["raw","raw"]`},
	} {
		rows, _, err := sequencesOf(t, Options{}, c.groups)
		switch {
		case c.want == "" && (err != nil || len(rows) != 2):
			t.Errorf("%s: %d rows: %v", c.name, len(rows), err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "set logprobs to any or none")):
			t.Errorf("%s: error %v, want %s", c.name, err, c.want)
		}
		modes := func(opts Options) []string {
			rows, _, err := sequencesOf(t, opts, c.groups)
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			var all []string
			for _, r := range rows {
				all = append(all, r.LogprobsMode)
			}
			return all
		}
		equal(t, c.name+": any", modes(Options{Logprobs: LogprobsAny}), c.modes)
		equal(t, c.name+": none", modes(Options{Logprobs: LogprobsDrop}), `["none","none"]`)
		if got, want := len(modes(Options{Skip: []string{SkipLogprobs}})), 2; c.want == "" && got != want || c.want != "" && got != 1 {
			t.Errorf("%s: %d rows with skip", c.name, got)
		}
	}

	complete := Options{Logprobs: LogprobsComplete}
	if _, _, err := sequencesOf(t, complete, drawn(0, whole())); err == nil || !strings.Contains(err.Error(), "not every token of turn 3 (reflection), draw 100000000000, has a log-probability") {
		t.Error(err)
	}
	if _, _, err := sequencesOf(t, complete, drawn(0, with(func(t [3]*data.Tokens) { t[0].Logprobs, t[1].Logprobs = nil, nil }))); err == nil || !strings.Contains(err.Error(), "no log-probabilities are known of turn 3") {
		t.Error(err)
	}
	rows, _, err := sequencesOf(t, complete, drawn(0, with(func(t [3]*data.Tokens) { t[1].Logprobs[2] = -1 }))) // what the retry lacks does not matter
	if err != nil || len(rows) != 1 || !rows[0].LogprobsComplete {
		t.Errorf("%d rows: %v", len(rows), err)
	}
}

func TestSequencePromise6(t *testing.T) {
	empty := with(func(t [3]*data.Tokens) {
		t[1].IDs, t[1].Logprobs, t[1].End = []int32{}, []float32{}, data.EndMissing
	})
	refused := with(func(t [3]*data.Tokens) { t[2].Source = data.TokensRetokenized })
	unknown := whole()
	unknown[1] = nil
	var groups []data.Group
	for i, t := range [][3]*data.Tokens{whole(), empty, refused, unknown, forgetful()} {
		groups = append(groups, drawn(i, t)...)
	}
	opts := Options{Skip: []string{SkipNoTokens, SkipSource, SkipLogprobs}}
	dir := t.TempDir()
	m, err := Write(context.Background(), disk.OS{}, dir, Info{}, opts, []Format{Sequences, SequencesJSONL, KTO}, exporttest.All(groups))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "left out", []any{m.Formats[0].Rows, m.Formats[0].LeftOut, m.Formats[1].LeftOut, m.Formats[2].LeftOut}, `[2,{"empty":1,"no_tokens":1,"source":1},{"empty":1,"no_tokens":1,"source":1},null]`)
	if err := Check(context.Background(), disk.OS{}, dir); err != nil {
		t.Error(err)
	}
	card, _ := os.ReadFile(filepath.Join(dir, "README.md"))
	if want := "In no row of `sequences`: 1 for empty, 1 for no_tokens, 1 for source.\n"; !strings.Contains(string(card), want) {
		t.Errorf("the card does not say %s", want)
	}
	path := filepath.Join(dir, "manifest.json")
	text, _ := os.ReadFile(path)
	os.WriteFile(path, bytes.ReplaceAll(text, []byte(`"no_tokens": 1`), []byte(`"no_tokens": 2`)), 0o644)
	if err := Check(context.Background(), disk.OS{}, dir); err == nil || !strings.Contains(err.Error(), "sequences: 2 in rows and 4 left out, but there are 5 turns that train") {
		t.Error(err)
	}
}

// TestSequenceOfTwoTurnsThatTrain: as a strategy may have them.
func TestSequenceOfTwoTurnsThatTrain(t *testing.T) {
	groups := drawn(0, with(func(t [3]*data.Tokens) { t[2].Logprobs = []float32{-1, -1} }))
	groups[1].Arm, groups[1].Strategy = "rounds", "rounds"
	r := &groups[1].Rollouts[0]
	r.Turns[5].Train = true
	rows, _, err := sequencesOf(t, Options{}, groups)
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d rows: %v", len(rows), err)
	}
	equal(t, "both", []any{rows[0].TrainedTurns, rows[0].LossMask, rows[0].Temperature, rows[0].EndToken}, `[2,[0,0,0,0,0,1,1,1,0,1,1],1,"none"]`)
	r.Turns[5].Draw.Sampling.Temperature, r.Turns[5].Draw.Sampling.TopK = 0.5, 3
	rows, _, err = sequencesOf(t, Options{}, groups)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "sampling", []any{rows[0].Temperature, rows[0].TopP, rows[0].TopK}, `[null,1,null]`)
	for _, k := range []int{1, 3, 5} {
		r.Turns[k].Draw.LogprobsMode = data.LogprobsProcessed
	}
	if _, _, err := sequencesOf(t, Options{}, groups); err == nil || !strings.Contains(err.Error(), "are processed with temperature 0.5") {
		t.Errorf("error %v", err)
	}
	dir := t.TempDir()
	if _, err := Write(context.Background(), disk.OS{}, dir, Info{}, Options{Logprobs: LogprobsAny}, []Format{Episodes, Sequences}, exporttest.All(groups)); err != nil {
		t.Fatal(err)
	}
	if err := Check(context.Background(), disk.OS{}, dir); err != nil {
		t.Error(err)
	}
}

func TestSequenceOptions(t *testing.T) {
	for want, opts := range map[string]Options{
		`option token_sources is "guessed": want engine, rendered, aligned, retokenized`:                 {TokenSources: []string{"engine", "guessed"}},
		`option logprobs is "all": want same, complete, any, none`:                                       {Logprobs: "all"},
		`option skip is "leak": want no_tokens, source, logprobs, tools, tool_calls, thinking, template`: {Skip: []string{"leak"}},
	} {
		if err := opts.Check(); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// TestRandomSequencesAreTheEpisodes: what a row says is what the calls of its episode say.
func TestRandomSequencesAreTheEpisodes(t *testing.T) {
	merged, calls, left := 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		opts, _ := Options{Logprobs: LogprobsAny, TokenSources: []string{"engine", "aligned", "rendered", "retokenized"}, Skip: []string{SkipNoTokens}}.resolve()
		for _, v := range viewsOf(t, opts, exporttest.Prompts().Draw(t, "groups")) {
			counted := tally{}
			rows, err := sequenceRows(v, counted)
			if err != nil {
				t.Fatal(err)
			}
			episodes, err := episodeRows(v, nil)
			if err != nil {
				t.Fatal(err)
			}
			trained := int64(0)
			for _, e := range episodes {
				for _, c := range e.Calls {
					trained += one(c.Trained)
				}
			}
			for _, n := range counted {
				trained -= n
				left++
			}
			for _, r := range rows {
				trained -= int64(r.TrainedTurns)
				e := episodes[r.SampleIndex]
				if r.Kind == KindMerged {
					merged++
				} else {
					calls++
				}
				for _, c := range e.Calls {
					if !c.Trained {
						continue
					}
					from := len(c.PromptTokenIDs)
					to := from + len(c.CompletionTokenIDs)
					if !reflect.DeepEqual(r.InputIDs[:from], c.PromptTokenIDs) && from > 0 || !reflect.DeepEqual(r.InputIDs[from:to], c.CompletionTokenIDs) {
						t.Fatalf("input_ids %v, but the call has %v and %v", r.InputIDs, c.PromptTokenIDs, c.CompletionTokenIDs)
					}
					for i, l := range r.LossMask {
						if (l == 1) != (i >= from && i < to) {
							t.Fatalf("loss_mask %v, want 1 in [%d:%d]", r.LossMask, from, to)
						}
						if l == 1 && r.Logprobs != nil && c.CompletionLogprobs != nil && show(r.Logprobs[i]) != show(c.CompletionLogprobs[i-from]) {
							t.Fatalf("logprobs[%d] is %s, want %s", i, show(r.Logprobs[i]), show(c.CompletionLogprobs[i-from]))
						}
						if a := e.Advantage; a != nil && (l == 1 && r.Advantages[i] != *a || l == 0 && r.Advantages[i] != 0) {
							t.Fatalf("advantages %v, want %g", r.Advantages, *a)
						}
					}
					if r.LogprobsComplete != (r.Logprobs != nil && c.CompletionLogprobs != nil && !strings.Contains(fmt.Sprint(c.CompletionLogprobs), "<nil>")) {
						t.Fatalf("logprobs_complete is %t of %v", r.LogprobsComplete, c.CompletionLogprobs)
					}
				}
			}
			if trained != 0 {
				t.Fatalf("%d turns that train are neither in a row nor left out", trained)
			}
		}
	})
	if merged == 0 || calls == 0 || left == 0 {
		t.Errorf("%d merged rows, %d of one call, %d times something left out", merged, calls, left)
	}
}
