package page

import (
	"slices"
	"testing"

	"mulligan/data"
	"mulligan/export/audit"
	"mulligan/export/exporttest"
)

// repeated returns a group of reflections of n rollouts that all fail but the last, with every tag that a row can have.
func repeated(n int) data.Group {
	g := exporttest.Groups()[1]
	pass, fail := g.Rollouts[0], g.Rollouts[1]
	yes := true
	fail.Turns = slices.Clone(fail.Turns)
	for i := range fail.Turns {
		if t := &fail.Turns[i]; t.Step == data.StepReflection {
			d := *t.Draw
			d.Stop = data.StopLength
			t.Leak, t.Draw = &yes, &d
		}
	}
	g.NoSignal, g.Filtered, g.Rollouts = true, "for a test", nil
	for range n - 1 {
		g.Rollouts = append(g.Rollouts, fail)
	}
	g.Rollouts = append(g.Rollouts, pass)
	return g
}

// TestEveryOutcomeShows: no tag hides an outcome; of more rollouts than there is room for, the row has counts.
func TestEveryOutcomeShows(t *testing.T) {
	for n, want := range map[int]string{2: "○●", 6: "○○○○○●", 7: "●1○6", 1200: "●1○1,199"} {
		g := repeated(n)
		r := report()
		r.Findings = []audit.Finding{{Kind: audit.FindingReward, Place: audit.Place{Prompt: g.Prompt.ID().Short(), Arm: g.Arm, Group: some(g.Index)}}}
		b := openTab(t, 1280, 800)
		b.open(written(t, r, exporttest.All([]data.Group{g}), Options{}), "#rollouts")
		b.is("document.querySelector('.item .marks').textContent", want)
		b.is("[...document.querySelectorAll('.item .note')].map((e) => e.textContent).join('|')", "1 finding|no signal|leak|truncated|left out")
		b.is("document.querySelector('.item .notes-of').title", "no signal, leak, truncated, left out, 1 finding")
		b.is(`(() => { const row = document.querySelector('.item').getBoundingClientRect(), list = document.getElementById('list'), m = document.querySelector('.item .marks'), tags = document.querySelector('.item .notes-of').getBoundingClientRect();
			return [...m.children].every((e) => { const x = e.getBoundingClientRect(); return x.width > 0 && x.left >= tags.right && x.right <= Math.min(row.right, list.getBoundingClientRect().left + list.clientWidth); }); })()`, "true")
		b.quiet()
	}
}

// TestCounts: the tab counts rollouts, and the tokens of a rollout are those of each of its replies.
func TestCounts(t *testing.T) {
	b := openTab(t, 1280, 800)
	b.open(written(t, report(), many(9), Options{}), "#rollouts") // of each three groups: 1 attempt, 6 reflections, 2 controls
	b.is("document.getElementById('rollouts-n').textContent", "27")
	b.is("document.getElementById('rollouts-n').title", "27 rollouts in 9 groups")
	b.is(found, "9 of 9 groups, 27 of 27 rollouts")
	b.press("j")
	b.wait("document.querySelectorAll('.tab').length === 6")
	b.is(`(() => { const tab = document.querySelector('.tab').lastChild, ids = [...document.querySelectorAll('#rollout .turn')].map((e) => /(\d+) ids/.exec(e.textContent)).filter(Boolean).map((m) => m[1]);
		return tab.textContent === ids.join(' + ') + ' tok' && tab.title === 'reflection ' + ids[0] + ', retry ' + ids[1]; })()`, "true")
	b.quiet()
}

// TestWords: no two cards have one title, no word of the table of findings is broken, and a finding names its row in the file.
func TestWords(t *testing.T) {
	g, row := exporttest.Groups()[1], int64(16)
	r := report()
	r.ByMeta = &audit.ByMeta{Column: "difficulty", Slices: r.BySource}
	place := audit.Place{File: "episodes/train-00000-of-00001.parquet", Row: &row, Prompt: g.Prompt.ID().Short(), Arm: g.Arm, Group: some(g.Index), Rollout: some(1)}
	for _, column := range []string{"advantage", "content_hash"} {
		r.Findings = append(r.Findings, audit.Finding{Kind: audit.FindingAdvantage, Place: place, Column: column, Is: "0.5773502691896258", Want: "-1.1547005383792515",
			Why: "the rewards of the group: mean 0.3333333333333333, standard deviation 0.4714045207910317"})
	}
	b := openTab(t, 1280, 800)
	b.open(written(t, r, exporttest.All([]data.Group{g}), Options{}), "")
	b.is("(() => { const all = [...document.querySelectorAll('#report h2')].map((e) => e.textContent); return all.filter((x, i) => all.indexOf(x) !== i).join('|'); })()", "")
	b.is("[...document.querySelectorAll('.slices h2')].map((e) => e.textContent).join('|')", "By first tries|By source|By difficulty")
	for _, wide := range []int{1280, 768, 390} {
		b.resize(wide, 800)
		b.is("[...document.querySelectorAll('#findings td:nth-child(1), #findings td:nth-child(3)')].filter((e) => { const r = document.createRange(); r.selectNodeContents(e); return r.getClientRects().length > 1; }).map((e) => e.textContent).join('|')", "")
	}
	b.is("document.querySelectorAll('#findings tbody tr')[3].children[1].textContent.replace(/\\s+/g, ' ')", g.Prompt.ID().Short()+" reflection 0, rollout 1 episodes/train-00000-of-00001.parquet, row 16")
	b.is("document.querySelector('#funnel .blabel:nth-child(1)').textContent && [...document.querySelectorAll('#funnel .blabel')].map((e) => e.textContent).join('|')",
		"prompts|an attempt failed|reflected on|reflections|train|rewarded|tokens sampled by reflections that train|by rewarded reflections")
	b.quiet()
}

// TestColoursMeanOneThing: a colour of a step (attempt, reflection, retry, control) is that of nothing else: not of a source of ids, a signal, a reward or a
// side of a comparison; and no two parts of one plot share one.
func TestColoursMeanOneThing(t *testing.T) {
	b := openTab(t, 1280, 800)
	for _, scheme := range []string{"light", "dark"} {
		b.scheme(scheme)
		b.open(written(t, report(), exporttest.All(nil), Options{}), "")
		const fill = "const fill = (e) => getComputedStyle(e).fill, of = (s) => [...document.querySelectorAll(s)].map(fill), "
		b.is("(() => { "+fill+`steps = of('#lengths .hist rect');
			return ['#sources .keys rect:not(.hatched)', '#signal .keys rect', '#lengths-reward .pt', '#comparison .two > div:first-child .pt', '#languages .bars rect:not(.track)'].filter((s) => !of(s).length || of(s).some((c) => steps.includes(c))).join('|'); })()`, "")
		b.is("(() => { "+fill+"all = of('#signal .keys rect'); return all.length > 2 && new Set(all).size === all.length; })()", "true")
		b.is("(() => { "+fill+"a = new Set(of('#comparison .side-a .pt')), b = new Set(of('#comparison .side-b .pt')); return a.size === 1 && b.size === 1 && ![...a].some((c) => b.has(c)); })()", "true")
	}
	b.quiet()
}
