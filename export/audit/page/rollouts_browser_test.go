package page

import (
	"testing"

	"mulligan/data"
	"mulligan/export/audit"
	"mulligan/export/exporttest"
)

const found = "document.getElementById('found').textContent"

// titles are the groups in the list that can be seen, in order.
const titles = `[...document.querySelectorAll('.item')].sort((a, b) => a.dataset.pos - b.dataset.pos).map((e) => e.querySelector('.arm').textContent[0] + ' ' + e.querySelector('.item-title').textContent).join('|')`

func TestFilters(t *testing.T) {
	path := written(t, report(), exporttest.All(exporttest.Groups()), Options{})
	b := openTab(t, 1280, 1000)
	b.open(path, "#rollouts")
	b.is(found, "9 of 9 groups, 15 of 15 rollouts")
	pick := func(key string) { b.eval("document.getElementById('f-"+key+"').click()", nil) }
	for _, c := range []struct {
		keys []string
		want string
	}{
		{[]string{"attempts"}, "4 of 9 groups, 6 of 15 rollouts"},
		{[]string{"reflection"}, "4 of 9 groups, 7 of 15 rollouts"},
		{[]string{"control"}, "1 of 9 groups, 2 of 15 rollouts"},
		{[]string{"attempts", "control"}, "5 of 9 groups, 8 of 15 rollouts"}, // of one facet: either
		{[]string{"first_pass"}, "1 of 9 groups, 1 of 15 rollouts"},
		{[]string{"fixed"}, "3 of 9 groups, 3 of 15 rollouts"},
		{[]string{"still_failed"}, "2 of 9 groups, 4 of 15 rollouts"},
		{[]string{"control_fixed"}, "1 of 9 groups, 1 of 15 rollouts"},
		{[]string{"signal"}, "2 of 9 groups, 3 of 15 rollouts"},
		{[]string{"nosignal"}, "2 of 9 groups, 4 of 15 rollouts"},
		{[]string{"fixed", "signal"}, "2 of 9 groups, 2 of 15 rollouts"}, // of two facets: both, of one rollout
		{[]string{"leak"}, "1 of 9 groups, 1 of 15 rollouts"},
		{[]string{"truncated"}, "1 of 9 groups, 1 of 15 rollouts"},
		{[]string{"leak", "truncated"}, "0 of 9 groups, 0 of 15 rollouts"}, // no rollout is both
		{[]string{"excluded"}, "1 of 9 groups, 1 of 15 rollouts"},
		{[]string{"filtered"}, "1 of 9 groups, 2 of 15 rollouts"},
		{[]string{"trains"}, "4 of 9 groups, 6 of 15 rollouts"},
		{[]string{"rewarded"}, "3 of 9 groups, 3 of 15 rollouts"},
		{[]string{"aligned"}, "1 of 9 groups, 1 of 15 rollouts"},
		{[]string{"engine"}, "1 of 9 groups, 1 of 15 rollouts"},
		{[]string{"finding"}, "0 of 9 groups, 0 of 15 rollouts"},
	} {
		for _, k := range c.keys {
			pick(k)
		}
		if got := b.text(found); got != c.want {
			t.Errorf("filters %v: %q, want %q", c.keys, got, c.want)
		}
		b.eval("document.querySelectorAll('.chip').forEach((c) => c.click())", nil)
		b.eval("document.querySelectorAll('.chip').forEach((c) => c.click())", nil)
	}
	b.is(found, "9 of 9 groups, 15 of 15 rollouts")
	b.is("[...document.querySelectorAll('#filters label')].map((l) => l.textContent.trim()).slice(0, 3).join('|')", "first attempts4|reflections4|control1")
	pick("leak")
	pick("truncated")
	b.is("document.getElementById('none').hidden", "false")
	b.eval("document.getElementById('clear').click()", nil)
	b.is(found, "9 of 9 groups, 15 of 15 rollouts")

	order := func(name string) {
		b.eval("(() => { const s = document.getElementById('sort'); s.value = '"+name+"'; s.dispatchEvent(new Event('change')); })()", nil)
	}
	pick("reflection")
	b.is(titles, "r What is 6 times 7?|r 日本語 — ‹U+0000› \"quotes\" 🙂 end|r Weather in Zurich?|r 2+2")
	order("reward_up")
	b.is(titles, "r 日本語 — ‹U+0000› \"quotes\" 🙂 end|r What is 6 times 7?|r Weather in Zurich?|r 2+2")
	order("reward_down")
	b.is(titles, "r Weather in Zurich?|r 2+2|r What is 6 times 7?|r 日本語 — ‹U+0000› \"quotes\" 🙂 end")
	order("length_down")
	b.is(titles, "r 2+2|r 日本語 — ‹U+0000› \"quotes\" 🙂 end|r What is 6 times 7?|r Weather in Zurich?")
	b.quiet()
}

func TestSearch(t *testing.T) {
	path := written(t, report(), exporttest.All(exporttest.Groups()), Options{})
	b := openTab(t, 1280, 1000)
	b.open(path, "#rollouts")
	search := func(query, want string) {
		t.Helper()
		b.press("/")
		b.is("document.activeElement.id", "search")
		b.do("Input.insertText", map[string]any{"text": query}, nil)
		b.wait("document.getElementById('found').dataset.done === '1' && document.getElementById('search').value === " + quoted(query))
		b.is(found, want)
		b.press("Escape")
		b.is("document.activeElement.id", "list")
	}
	search("wrongly", "1 of 9 groups, 2 of 15 rollouts")       // in a reflection
	search("MULTIPLIED", "1 of 9 groups, 2 of 15 rollouts")    // case does not count
	search("zürich", "1 of 9 groups, 1 of 15 rollouts")        // in a tool call
	search("They wrote", "1 of 9 groups, 1 of 15 rollouts")    // in thinking
	search("city differs", "0 of 9 groups, 0 of 15 rollouts")  // why an earlier run refused it: not searched
	search("\"42\"", "3 of 9 groups, 6 of 15 rollouts")        // in the ground truth
	search("日本", "2 of 9 groups, 4 of 15 rollouts")            //
	search("nothing there", "2 of 9 groups, 4 of 15 rollouts") // in feedback, of a turn that two groups hold
	g := exporttest.Groups()[1]
	search(g.Prompt.ID().Short(), "3 of 9 groups, 6 of 15 rollouts")
	search(g.Prompt.ID().String(), "3 of 9 groups, 6 of 15 rollouts")
	search(Anchor(g), "1 of 9 groups, 2 of 15 rollouts")
	search("no such text", "0 of 9 groups, 0 of 15 rollouts")
	b.is("document.getElementById('none').hidden", "false")
	search("wrongly", "1 of 9 groups, 2 of 15 rollouts")
	b.press("/", "Enter") // the first hit
	b.wait("document.getElementById('group-title') && document.getElementById('group-title').textContent === 'Reflections on failure 0'")
	b.wait("CSS.highlights.has('found')")
	b.is("[...CSS.highlights.get('found')].map((r) => r.toString()).join('|')", "wrongly")
	b.quiet()
}

func quoted(s string) string {
	out := "'"
	for _, r := range s {
		if r == '\'' || r == '\\' {
			out += `\`
		}
		out += string(r)
	}
	return out + "'"
}

func TestKeys(t *testing.T) {
	path := written(t, report(), exporttest.All(exporttest.Groups()), Options{})
	b := openTab(t, 1280, 800)
	b.open(path, "")
	at := "document.querySelector('.item[aria-selected=true]').dataset.pos"
	ready := func(pos, tabs string) {
		t.Helper()
		b.wait("document.querySelector('.item[aria-selected=true]') && " + at + " === '" + pos + "' && document.querySelectorAll('.tab').length === " + tabs)
	}
	b.press("b")
	b.wait("document.body.dataset.view === 'rollouts'")
	b.is("document.body.dataset.view", "rollouts")
	ready("0", "2")
	b.is("document.activeElement.id", "list")
	b.press("j")
	ready("1", "2")
	b.press("ArrowDown")
	ready("2", "2")
	b.press("k", "ArrowUp", "k") // stops at the first
	ready("0", "2")
	b.press("G")
	ready("8", "2")
	b.press("g")
	ready("0", "2")
	b.press("End")
	ready("8", "2")
	b.press("Home", "j")
	ready("1", "2")
	b.is("document.getElementById('list').getAttribute('aria-activedescendant') === document.querySelector('.item[aria-selected=true]').id", "true")

	chosen := "document.querySelector('.tab[aria-selected=true]').textContent"
	b.is(chosen, "●0reward 1+10 tok")
	b.press("ArrowRight")
	b.is(chosen, "○1reward 0−10 tok")
	b.press("ArrowRight") // stops at the last
	b.is(chosen, "○1reward 0−10 tok")
	b.is("location.hash", "#"+Anchor(exporttest.Groups()[1])+"/1")
	b.press("ArrowLeft")
	b.is(chosen, "●0reward 1+10 tok")

	b.press("Enter")
	b.is("document.activeElement.className", "tab")
	b.press("Escape")
	b.is("document.activeElement.id", "list")
	for key, mode := range map[string]string{"2": "mask", "3": "logprob", "4": "plain", "1": "segment"} {
		b.press(key)
		b.is("document.body.dataset.mode + document.querySelector('input[name=mode]:checked').value", mode+mode)
	}
	b.press("?")
	b.is("document.getElementById('help').open", "true")
	b.press("j") // keys rest while the help is open
	b.is(at, "1")
	b.press("Escape")
	b.is("document.getElementById('help').open", "false")
	b.press("f")
	b.is("document.getElementById('filter-box').open", "true")
	b.press("Tab", " ") // the first filter
	b.is("document.activeElement.id", "f-attempts")
	b.is(found, "4 of 9 groups, 6 of 15 rollouts")
	b.press("Escape")
	b.press("r")
	b.wait("document.body.dataset.view === 'report'")
	// The focus can be seen.
	b.press("Tab", "Tab")
	b.is("getComputedStyle(document.activeElement).outlineStyle", "solid")
	b.quiet()
}

func TestAddresses(t *testing.T) {
	groups := exporttest.Groups()
	r := report()
	place := audit.Place{Prompt: groups[1].Prompt.ID().Short(), Arm: data.ArmReflection, Group: some(0), Rollout: some(1), Step: "retry"}
	r.Findings = []audit.Finding{{Kind: audit.FindingReward, Place: place, Is: "0", Want: "1", Why: "its retry passes"}}
	path := written(t, r, exporttest.All(groups), Options{})
	b := openTab(t, 1280, 800)
	b.open(path, "#"+Anchor(groups[4])+"/2")
	b.is("document.body.dataset.view", "rollouts")
	b.is("document.querySelector('.tab[aria-selected=true]').id", "tab-2")
	b.is("document.querySelector('#rollout .turn .text').textContent", "é")
	b.open(path, "")
	b.eval("document.querySelector('#findings a').click()", nil)
	b.wait("document.querySelector('.findings li') !== null")
	b.is("document.querySelector('.findings li').textContent", "reward rollout 1 retry: is 0, should be 1 (its retry passes)")
	b.is("document.querySelector('.tab[aria-selected=true]').id", "tab-1")
	b.eval("document.getElementById('f-finding').click()", nil)
	b.is(found, "1 of 9 groups, 2 of 15 rollouts")
	b.is("document.querySelector('.item .note.bad').textContent", "1 finding")
	// An address of a group that a filter hides shows it; one that the page does not hold says so.
	b.eval("location.hash = '"+Anchor(groups[8])+"'", nil)
	b.wait("document.getElementById('group-title').textContent === 'First attempts'")
	b.is(found, "9 of 9 groups, 15 of 15 rollouts")
	b.eval("location.hash = '0123456789ab-reflection-0'", nil)
	b.wait("document.getElementById('say').textContent !== ''")
	b.is("document.getElementById('say').textContent", "The page does not hold the group 0123456789ab-reflection-0.")
	b.eval("location.hash = '%zz'", nil) // no address at all
	b.wait("document.body.dataset.view === 'report'")
	b.quiet()
}

// TestFirstWanted: a group opens at the rollout that was filtered or searched for.
func TestFirstWanted(t *testing.T) {
	groups := exporttest.Groups()
	path := written(t, report(), exporttest.All(groups), Options{MaxGroups: 5, More: "Ask for more."})
	b := openTab(t, 1280, 800)
	b.open(path, "#rollouts")
	b.is("document.getElementById('left-out').hidden", "false")
	b.is("document.getElementById('left-out').textContent", "2,895 groups of this data set are not in the page. Ask for more.")
	b.eval("document.getElementById('f-still_failed').click()", nil)
	b.press("g")
	b.wait("document.querySelector('.tab[aria-selected=true]') && document.querySelector('.tab[aria-selected=true]').id === 'tab-1'")
	b.is("[...document.querySelectorAll('.item[aria-selected=true] .mark')].map((e) => e.className).join('|')", "mark pass dim|mark fail")
	b.eval("document.getElementById('f-still_failed').click()", nil)
	b.eval("(() => { const s = document.getElementById('search'); s.value = 'is \\u0000'; s.dispatchEvent(new Event('input')); })()", nil)
	b.wait("document.getElementById('found').dataset.done === '1'")
	b.is(found, "1 of 5 groups, 3 of 10 rollouts")
	b.press("g")
	b.wait("document.querySelector('.tab[aria-selected=true]').id === 'tab-1' && location.hash === '#" + Anchor(groups[4]) + "/1'")
	b.quiet()
}
