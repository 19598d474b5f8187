package export

import (
	"fmt"
	"slices"
	"strings"

	"mulligan/data"
)

// The values of Options.Logprobs.
const (
	LogprobsSame     = "same"     // all rows of one known mode, and where it is processed, of one way of sampling
	LogprobsComplete = "complete" // same, and every token of the loss has one
	LogprobsAny      = "any"      // as they are: each row names its mode
	LogprobsDrop     = "none"     // the column is NULL
)

// The values of Options.Skip.
const (
	SkipNoTokens = "no_tokens" // no ids are known of a turn that trains
	SkipSource   = "source"    // ids of a source that token_sources does not name
	SkipLogprobs = "logprobs"  // log-probabilities that the option logprobs refuses
)

// exactSources are the sources that sequences takes unasked.
var exactSources = []string{string(data.TokensEngine), string(data.TokensRendered), string(data.TokensAligned)}

func (o Options) resolveSequences() (Options, error) {
	if len(o.TokenSources) == 0 {
		o.TokenSources = exactSources
	}
	if o.Logprobs == "" {
		o.Logprobs = LogprobsSame
	}
	for _, f := range []struct {
		option  string
		values  []string
		allowed []string
	}{
		{"token_sources", o.TokenSources, append(slices.Clone(exactSources), string(data.TokensRetokenized))},
		{"logprobs", []string{o.Logprobs}, []string{LogprobsSame, LogprobsComplete, LogprobsAny, LogprobsDrop}},
		{"skip", o.Skip, []string{SkipNoTokens, SkipSource, SkipLogprobs, SkipTools, SkipToolCalls, SkipThinking, SkipTemplate}},
	} {
		if err := among(f.option, f.values, f.allowed); err != nil {
			return o, err
		}
	}
	return o, nil
}

func (o Options) skips(reason string) bool { return slices.Contains(o.Skip, reason) }

// takes returns a refusal if ids of the sequence, or of a context in it, are of a source that the options do not name.
func (o Options) takes(r data.Rollout, s data.Sequence) error {
	for _, span := range s.Spans {
		t := r.Turns[span.Turn]
		for _, f := range []struct {
			what   string
			source data.TokenSource
		}{{"ids", t.Draw.Tokens.Source}, {"ids of the context", t.Draw.Tokens.PromptSource}} {
			if slices.Contains(o.TokenSources, string(f.source)) {
				continue
			}
			why := "they may differ from what the engine worked with"
			if t.Draw.NoTokens != "" {
				why = t.Draw.NoTokens
			}
			return &refusal{SkipSource, fmt.Errorf("turn %d (%s): the %s of draw %s are %s, want %s: %s: name the source in token_sources to take them, or %s in skip to leave such sequences out",
				span.Turn, t.Step, f.what, t.Draw.Key.Short(), f.source, strings.Join(o.TokenSources, ", "), why, SkipSource)}
		}
	}
	return nil
}

// logprobsSeen holds what the log-probabilities of the first row that has any are of: the others of an export must be of the same.
type logprobsSeen struct {
	of   *distribution
	draw string // that gave them
}

// distribution is what a token was drawn from, as far as log-probabilities of a mode depend on it.
type distribution struct {
	mode                              data.LogprobsMode
	temperature, topP, minP, repeated float64
	topK                              int
}

func (d distribution) String() string {
	if d.mode != data.LogprobsProcessed {
		return string(d.mode)
	}
	return fmt.Sprintf("%s with temperature %g, top_p %g, top_k %d, min_p %g, repeat_penalty %g", d.mode, d.temperature, d.topP, d.topK, d.minP, d.repeated)
}

// add fills the columns of log-probabilities, or returns a refusal.
func (seen *logprobsSeen) add(row *SequenceRow, r data.Rollout, s data.Sequence, t *task) error {
	row.LogprobsMode = string(data.LogprobsNone)
	if t.opts.Logprobs != LogprobsDrop {
		row.Logprobs = logprobsOf(s.Logprobs)
	}
	if row.Logprobs == nil {
		switch t.opts.Logprobs {
		case LogprobsComplete:
			return refuseLogprobs(r, s, "no log-probabilities are known of turn %d (%s), draw %s")
		case LogprobsAny, LogprobsDrop:
			return nil
		}
		return seen.compare(row, r, s) // rows with and without are a mixture, too
	}
	row.LogprobsComplete = true
	for i, l := range s.Loss {
		if l && row.Logprobs[i] == nil {
			row.LogprobsComplete = false
		}
	}
	row.LogprobsMode = rowMode(row.Logprobs, r, s, t.info)
	if t.opts.Logprobs == LogprobsAny {
		return nil
	}
	if !row.LogprobsComplete && t.opts.Logprobs == LogprobsComplete {
		return refuseLogprobs(r, s, "not every token of turn %d (%s), draw %s, has a log-probability")
	}
	switch row.LogprobsMode {
	case string(data.LogprobsUnknown), logprobsMixed:
		return refuseLogprobs(r, s, "the log-probabilities of the sequence of turn %d (%s), draw %s, are "+row.LogprobsMode)
	}
	return seen.compare(row, r, s)
}

// logprobsMixed is the mode of a row whose turns are not of one.
const logprobsMixed = "mixed"

// rowMode returns the one mode of the turns that have a log-probability, or mixed.
func rowMode(logprobs []*float32, r data.Rollout, s data.Sequence, info Info) string {
	mode := ""
	for _, span := range s.Spans {
		if !slices.ContainsFunc(logprobs[span.Start:span.Stop], func(l *float32) bool { return l != nil }) {
			continue
		}
		switch m := string(modeOf(r.Turns[span.Turn].Draw, info)); mode {
		case "", m:
			mode = m
		default:
			return logprobsMixed
		}
	}
	return mode
}

// compare holds the turns that train against the first row's.
func (seen *logprobsSeen) compare(row *SequenceRow, r data.Rollout, s data.Sequence) error {
	for _, span := range s.Spans {
		if !span.Train {
			continue
		}
		d := r.Turns[span.Turn].Draw
		of := distribution{mode: data.LogprobsMode(row.LogprobsMode)}
		if p := d.Sampling; of.mode == data.LogprobsProcessed {
			of = distribution{of.mode, p.Temperature, p.TopP, p.MinP, p.RepeatPenalty, p.TopK}
		}
		if seen.of == nil {
			seen.of, seen.draw = &of, d.Key.Short()
		}
		if *seen.of != of {
			return refuseLogprobs(r, s, fmt.Sprintf("the log-probabilities of turn %%d (%%s), draw %%s, are %s, but those of draw %s are %s", of, seen.draw, *seen.of))
		}
	}
	return nil
}

// refuseLogprobs names the first turn that trains, and what to do.
func refuseLogprobs(r data.Rollout, s data.Sequence, format string) error {
	i := slices.IndexFunc(s.Spans, func(span data.Span) bool { return span.Train })
	turn := s.Spans[i].Turn
	t := r.Turns[turn]
	return &refusal{SkipLogprobs, fmt.Errorf(format+": no ratio can be made of them; set logprobs to %s or %s to export all the same, or name %s in skip to leave such sequences out",
		turn, t.Step, t.Draw.Key.Short(), LogprobsAny, LogprobsDrop, SkipLogprobs)}
}
