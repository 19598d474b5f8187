package audit

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"mulligan/data"
	"mulligan/export"
)

// rowCount counts the rows of an export as its manifest does, and tells episodes that stand twice. Memory is an entry of some 50 bytes an episode.
type rowCount struct {
	counts   export.Counts
	prompt   string           // of the rows before
	episodes map[idKey]earned // their ids begin so
	gap      bool             // a row or a file could not be read: nothing is compared
}

// add counts the rows of a prompt, and returns a finding for each episode that stood before.
func (n *rowCount) add(rows []Row) (found []Finding) {
	if n.episodes == nil {
		n.episodes = map[idKey]earned{}
	}
	if n.prompt != rows[0].PromptID {
		n.prompt = rows[0].PromptID
		n.counts.Prompts++
	}
	for _, row := range rows {
		n.row(row.Episode)
		key, ok := keyOf(row.EpisodeID)
		if !ok {
			continue // said of its row
		}
		if _, there := n.episodes[key]; there {
			found = append(found, Finding{Kind: FindingID, Place: rowPlace(row), Column: "episode_id", Is: row.EpisodeID, Want: "one that no row before has", Why: "it stands twice, and every rate counts it twice"})
		}
		e := earned{known: row.RetryPassed != nil, passed: value(row.RetryPassed), reward: value(row.Reward)}
		for _, c := range row.Calls {
			e.trained += one(c.Trained)
		}
		n.episodes[key] = e
	}
	return found
}

func (n *rowCount) row(e *export.Episode) {
	c := &n.counts
	drawn := len(e.Calls) > 0 && e.Calls[0].Sampled
	count := func(to *int64, yes bool) { *to += int64(one(yes)) }
	switch e.Arm {
	case data.ArmAttempts:
		count(&c.Attempts, drawn)
		count(&c.FirstPasses, drawn && value(e.FirstPassed))
	case data.ArmReflection:
		count(&c.Groups, e.SampleIndex == 0)
		count(&c.NoSignal, e.SampleIndex == 0 && e.NoSignal)
		count(&c.Reflections, true)
		count(&c.Fixed, value(e.RetryPassed))
		count(&c.Excluded, e.Excluded != nil)
		count(&c.Leaks, value(e.Leak))
	case data.ArmControl:
		count(&c.Controls, true)
		count(&c.ControlFixed, value(e.RetryPassed))
	default:
		count(&c.Other, true)
	}
	for _, call := range e.Calls {
		count(&c.Trained, call.Trained)
	}
	count(&c.Truncated, value(e.Truncated))
}

// compare holds the counts against the manifest.
func (n *rowCount) compare(m *export.Manifest) (found []Finding) {
	is, want := m.Counts, n.counts
	for _, c := range []struct {
		column   string
		is, want int64
	}{
		{"prompts", is.Prompts, want.Prompts}, {"attempts", is.Attempts, want.Attempts}, {"first_passes", is.FirstPasses, want.FirstPasses},
		{"groups", is.Groups, want.Groups}, {"no_signal", is.NoSignal, want.NoSignal}, {"reflections", is.Reflections, want.Reflections},
		{"fixed", is.Fixed, want.Fixed}, {"excluded", is.Excluded, want.Excluded}, {"leaks", is.Leaks, want.Leaks}, {"trained", is.Trained, want.Trained},
		{"controls", is.Controls, want.Controls}, {"control_fixed", is.ControlFixed, want.ControlFixed}, {"other", is.Other, want.Other},
		{"truncated", is.Truncated, want.Truncated},
	} {
		if c.is != c.want {
			found = append(found, Finding{Kind: FindingFile, Place: Place{File: manifestFile}, Column: "counts." + c.column, Is: fmt.Sprint(c.is), Want: fmt.Sprint(c.want),
				Why: "so many are in the rows of episodes"})
		}
	}
	return found
}

const manifestFile = "manifest.json"

// screened are the reasons that only filters, deduplication, decontamination and balance have.
var screened = []string{export.DropLeak, export.DropTruncated, export.DropNoSignal, export.DropInexact, export.DropDuplicate, export.DropNear, export.DropContaminated, export.DropBalance}

// unscreened finds what was left out of a format by a filter that the manifest does not name.
func (f *Folder) unscreened(format export.ManifestFormat) (found []Finding) {
	for _, reason := range slices.Sorted(maps.Keys(format.LeftOut)) {
		if f.Manifest.Screens == "" && slices.Contains(screened, reason) {
			found = append(found, Finding{Kind: FindingFile, Place: Place{File: manifestFile}, Column: format.Name + ".left_out." + reason, Is: fmt.Sprint(format.LeftOut[reason]), Want: "0",
				Why: "the manifest names no filter"})
		}
	}
	return found
}

// leftOut holds the turns that train and are in no row of sequences against what the manifest says was left out of them.
func (f *Folder) leftOut() (found []Finding, note string) {
	i := slices.IndexFunc(f.Manifest.Formats, func(m export.ManifestFormat) bool { return m.Name == f.sequences })
	if i < 0 {
		return nil, ""
	}
	var told int64
	var reasons []string
	left := f.Manifest.Formats[i].LeftOut
	for _, reason := range slices.Sorted(maps.Keys(left)) {
		told += left[reason]
		reasons = append(reasons, fmt.Sprintf("%s %d", reason, left[reason]))
	}
	found = f.unscreened(f.Manifest.Formats[i])
	if missing := f.rows.counts.Trained - f.seq.trained; missing != told {
		found = append(found, Finding{Kind: FindingMask, Place: Place{File: manifestFile}, Column: f.sequences + ".left_out", Is: fmt.Sprint(told), Want: fmt.Sprint(missing),
			Why: fmt.Sprintf("%d turns train in episodes, and %d are in rows of %s", f.rows.counts.Trained, f.seq.trained, f.sequences)})
	}
	if told > 0 {
		note = fmt.Sprintf("Turns that train and were left out of %s, as the manifest says: %s.", f.sequences, strings.Join(reasons, ", "))
	}
	return found, note
}

// whole adds what the rows of the folder come to in all.
func (f *Folder) whole(r *Report) {
	if f.Manifest == nil || f.rows.gap {
		return
	}
	found := f.rows.compare(f.Manifest)
	if f.seq != nil && f.Sequences != nil && !f.seq.gap {
		wrong, note := f.leftOut()
		if found = append(found, wrong...); note != "" {
			r.Notes = append(r.Notes, note)
		}
	}
	for _, x := range found {
		r.FindingsAll++
		r.Checked.Wrong++
		if len(r.Findings) < MaxFindings {
			r.Findings = append(r.Findings, x)
		}
	}
}
