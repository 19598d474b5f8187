package page

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"mulligan/data"
	"mulligan/export/audit"
	"mulligan/export/exporttest"
)

func TestPageHoldsEveryGroup(t *testing.T) {
	groups := exporttest.Groups()
	p := page(t, report(), exporttest.All(groups), Options{})
	if len(p.index.Groups) != 9 || p.index.LeftOut != 2900-9 || len(p.index.Chunks) != 1 {
		t.Errorf("%d groups, %d left out, %d chunks", len(p.index.Groups), p.index.LeftOut, len(p.index.Chunks))
	}
	r := p.index.Groups[4]
	if r.Anchor != Anchor(groups[4]) || r.Arm != "reflection" || !r.NoSignal || r.Title != "日本語 — \x00 \"quotes\" 🙂 end" {
		t.Errorf("%+v", r)
	}
	cut, leak, plain := r.Rollouts[0], r.Rollouts[1], r.Rollouts[2]
	if !cut.Truncated || cut.Excluded != "truncated" || cut.Trains || cut.Leak != 0 || cut.Outcome != "still_failed" || *cut.Reward != 0 {
		t.Errorf("cut: %+v", cut)
	}
	if leak.Leak != 1 || !leak.Trains || leak.Tokens != 3 || leak.Truncated {
		t.Errorf("leak: %+v", leak)
	}
	if plain.Leak != 0 || plain.Tokens != 0 || plain.Sources[0] != "none" {
		t.Errorf("plain: %+v", plain)
	}
	if l := p.index.Groups[1].Rollouts[0].Leak; l != -1 {
		t.Errorf("a reflection without a leak: %d", l)
	}
	text := p.texts[4]
	if text.PromptID != groups[4].Prompt.ID().String() || len(text.Context) != 3 || len(text.Rollouts) != 3 || text.Rollouts[1].Turns[0].Text != "The answer is \x00." {
		t.Errorf("%+v", text)
	}
}

// TestRandomGroups: any group that an export takes stands in the page, with its texts as they are.
func TestRandomGroups(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		groups := exporttest.Prompts().Draw(rt, "groups")
		p := page(t, audit.Report{}, exporttest.All(groups), Options{})
		if len(p.texts) != len(groups) || p.index.LeftOut != 0 {
			rt.Fatalf("%d groups of %d, %d left out", len(p.texts), len(groups), p.index.LeftOut)
		}
		for i, g := range groups {
			for k, r := range g.Rollouts {
				got := append(append([]turn{}, p.texts[i].Context...), p.texts[i].Rollouts[k].Turns...)
				if len(got) != len(r.Turns) {
					rt.Fatalf("group %d rollout %d: %d turns, want %d", i, k, len(got), len(r.Turns))
				}
				for n, turn := range r.Turns {
					if got[n].Text != turn.Content || got[n].Thinking != turn.Thinking || got[n].Train != turn.Train || (got[n].Verdict == nil) != (turn.Verdict == nil) {
						rt.Fatalf("group %d rollout %d turn %d: %+v, want %+v", i, k, n, got[n], turn)
					}
				}
			}
		}
	})
}

// TestBrokenGroups: what breaks the promises of a group is shown, and ends nothing.
func TestBrokenGroups(t *testing.T) {
	nan := float64(data.Unknown())
	short := exporttest.Groups()[1]
	short.Rollouts[1].Turns = short.Rollouts[1].Turns[:2]
	other := exporttest.Groups()[1]
	other.Rollouts[1].Turns[2].Content = "another attempt"
	score := exporttest.Groups()[1]
	score.Rollouts[0].Reward, score.Rollouts[0].Turns[6].Verdict.Score = &nan, nan
	far := exporttest.Groups()[1]
	far.Context = 99
	none := exporttest.Groups()[1]
	none.Rollouts = nil
	p := page(t, audit.Report{}, exporttest.All([]data.Group{short, other, score, far, none}), Options{})
	var shared []int
	for _, g := range p.texts {
		shared = append(shared, len(g.Context))
	}
	for i, want := range []int{2, 2, 4, 4, 0} {
		if shared[i] != want {
			t.Errorf("group %d: %d shared turns, want %d", i, shared[i], want)
		}
	}
	if p.texts[2].Rollouts[0].Reward != nil || p.texts[2].Rollouts[0].Turns[2].Verdict.Score != nil {
		t.Error("a number that is none became one")
	}
}

func TestLeftOut(t *testing.T) {
	groups := exporttest.Groups()
	named := report()
	named.Subject.Groups = 9
	named.Findings = []audit.Finding{{Kind: "reward", Place: audit.Place{Prompt: groups[7].Prompt.ID().Short(), Arm: "reflection", Group: some(0)}}}
	anchors := func(p read) (all []string) {
		for _, r := range p.index.Groups {
			all = append(all, r.Anchor)
		}
		return all
	}
	p := page(t, named, exporttest.All(groups), Options{MaxGroups: 2})
	if got, want := strings.Join(anchors(p), " "), strings.Join([]string{Anchor(groups[0]), Anchor(groups[1]), Anchor(groups[7])}, " "); got != want || p.index.LeftOut != 6 {
		t.Errorf("%s, %d left out; want %s, 6", got, p.index.LeftOut, want)
	}
	// A report that does not say how many there are: they are counted.
	p = page(t, audit.Report{}, exporttest.All(groups), Options{MaxGroups: 2})
	if len(p.index.Groups) != 2 || p.index.LeftOut != 7 {
		t.Errorf("%d groups, %d left out", len(p.index.Groups), p.index.LeftOut)
	}
	p = page(t, audit.Report{}, many(200), Options{MaxBytes: 1})
	if n := len(p.index.Groups); n == 0 || n > chunkGroups || p.index.LeftOut != 200-n {
		t.Errorf("%d groups in a byte, %d left out", n, p.index.LeftOut)
	}
	// No more groups are read than are needed.
	read := 0
	count := func(yield func(data.Group, error) bool) {
		for _, g := range groups {
			if read++; !yield(g, nil) {
				return
			}
		}
	}
	r := report()
	r.Subject.Groups, r.Findings = 9, nil
	if page(t, r, count, Options{MaxGroups: 2}); read != 2 {
		t.Errorf("%d groups read, want 2", read)
	}
}

func TestSameBytes(t *testing.T) {
	var a, b bytes.Buffer
	for _, w := range []io.Writer{&a, &b} {
		if err := Write(w, report(), exporttest.All(exporttest.Groups()), Options{}); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two pages of the same differ")
	}
}

// TestPolicy: the hashes in the policy are those of the style and the script in the page.
func TestPolicy(t *testing.T) {
	html := page(t, report(), exporttest.All(nil), Options{}).html
	policy := regexp.MustCompile(`http-equiv="Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(html)
	css, js := regexp.MustCompile(`(?s)<style>(.*?)</style>`).FindStringSubmatch(html), regexp.MustCompile(`(?s)<script>(.*?)</script>`).FindStringSubmatch(html)
	want := "default-src 'none'; style-src " + hashOf(css[1]) + "; script-src " + hashOf(js[1]) + "; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
	if policy[1] != want {
		t.Errorf("policy %s, want %s", policy[1], want)
	}
	if regexp.MustCompile(`\s(style|on[a-z]+)=`).MatchString(html[:strings.Index(html, "<script")]) {
		t.Error("an attribute that the policy refuses")
	}
}

func TestWriteErrors(t *testing.T) {
	lost := errors.New("record 7 is damaged")
	groups := func(yield func(data.Group, error) bool) { yield(data.Group{}, lost) }
	if err := Write(io.Discard, report(), groups, Options{}); !errors.Is(err, lost) || err.Error() != "write page: record 7 is damaged" {
		t.Errorf("%v", err)
	}
	if err := Write(io.Discard, report(), exporttest.All(nil), Options{MaxGroups: -1}); err == nil || err.Error() != "write page: -1 groups in 67108864 bytes: want 0 or more" {
		t.Errorf("%v", err)
	}
	full := errors.New("disk full")
	for _, room := range []int{0, 100, 40_000} {
		if err := Write(&small{room: room, err: full}, report(), exporttest.All(exporttest.Groups()), Options{}); !errors.Is(err, full) {
			t.Errorf("room for %d bytes: %v", room, err)
		}
	}
}

// small is a file on a disk that is nearly full.
type small struct {
	room int
	err  error
}

func (s *small) Write(p []byte) (int, error) {
	if len(p) > s.room {
		return s.room, s.err
	}
	s.room -= len(p)
	return len(p), nil
}
