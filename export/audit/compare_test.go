package audit_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"mulligan/data"
	"mulligan/export/audit"
	"mulligan/export/audit/audittest"
	"mulligan/reward/rate"
)

// tasksOf reads what a comparison needs.
func tasksOf(t *testing.T, path string, groups []data.Group) *audit.Tasks {
	t.Helper()
	tasks, err := audit.ReadTasks(context.Background(), audit.Subject{Path: path, Verifier: "number", Strategy: "reflect_retry"}, prompts(groups))
	if err != nil {
		t.Fatal(err)
	}
	return tasks
}

// firsts is a data set of one attempt at each task: pass[i] says whether task i passed.
func firsts(policy data.Policy, from int, pass ...bool) []data.Group {
	a := audittest.Usual()
	a.Policy = policy
	var all []data.Group
	for i, p := range pass {
		a.Skill = 0
		if p {
			a.Skill = 100
		}
		g := a.Group(from + i)[0]
		g.Rollouts = g.Rollouts[:1]
		all = append(all, g)
	}
	return all
}

// repeat is n tasks of one result after the other.
func repeat(n ...int) (pass []bool) {
	for i, k := range n {
		for range k {
			pass = append(pass, i%2 == 0)
		}
	}
	return pass
}

// TestComparePaired uses the published example of airway hyper-responsiveness (Bentur et al. 2009; Fagerland, Lydersen and Laake 2013): of 21
// children, 1 had it before and after, 1 only before, 7 only after, 12 neither.
func TestComparePaired(t *testing.T) {
	newer := audittest.Usual().Policy
	newer.Revision = "sha256:1111"
	a := firsts(newer, 0, repeat(1+1, 7+12)...)                      // passes: both, only A
	b := firsts(audittest.Usual().Policy, 0, repeat(1, 1, 7, 12)...) // both, not, only B, not
	c := audit.Compare(tasksOf(t, "a", a), tasksOf(t, "b", b))
	if m := *c.McNemar; m != (audit.McNemar{BothPass: 1, OnlyA: 1, OnlyB: 7, BothFail: 12, P: m.P}) || math.Abs(m.P-0.0703125) > 1e-12 {
		t.Errorf("McNemar %+v", m)
	}
	d := c.First.Difference
	if math.Abs(d.Value+0.285714) > 1e-6 || math.Abs(d.Low+0.507) > 5e-4 || math.Abs(d.High+0.026) > 5e-4 || c.First.Verdict != audit.Worse || c.First.Tasks != 21 {
		t.Errorf("first %+v %+v", c.First, d)
	}
	if c.Retry.Verdict != audit.NotThere || c.Gain.Verdict != audit.NotThere || len(c.Notes) != 0 || !c.Paired || c.Shared != 21 {
		t.Errorf("%+v", c)
	}
	back := audit.Compare(tasksOf(t, "b", b), tasksOf(t, "a", a))
	if x := back.First.Difference; back.First.Verdict != audit.Better || x.Low != -d.High || x.High != -d.Low {
		t.Errorf("the other way round: %+v", x)
	}
}

// TestCompareAlike: a data set against itself is neither better nor worse, and says why it may not be compared.
func TestCompareAlike(t *testing.T) {
	groups := audittest.Usual().Groups()
	c := audit.Compare(tasksOf(t, "a", groups), tasksOf(t, "a", groups))
	for what, x := range map[string]audit.Compared{"first": c.First, "retry": c.Retry, "control": c.Control, "gain": c.Gain} {
		if x.Verdict != audit.CannotTell || x.Difference.Value != 0 || !(x.Difference.Low < 0 && x.Difference.High > 0) {
			t.Errorf("%s: %s %+v", what, x.Verdict, x.Difference)
		}
	}
	if len(c.Notes) != 1 || !strings.HasPrefix(c.Notes[0], "Both were drawn from the same policy (tiny:1b, Q4_K_M, digest sha256:0f0f, script 0.1)") {
		t.Errorf("notes %q", c.Notes)
	}
}

// TestComparePolicies: one policy is called the same only where the digest of its weights is known; a name alone says nothing.
func TestComparePolicies(t *testing.T) {
	named, other := data.Policy{Model: "tiny:1b", Server: "generic"}, audittest.Usual().Policy
	other.Revision = "sha256:1111"
	elsewhere := audittest.Usual().Policy
	elsewhere.Server, elsewhere.ServerVersion = "ollama", "2"
	usual := audittest.Usual().Policy
	for what, c := range map[string]struct {
		a, b data.Policy
		want string
	}{
		"a name only":             {named, named, "Both name the same policy (tiny:1b, generic), but not the digest of its weights: whether these are the same cannot be said."},
		"one digest":              {usual, usual, "Both were drawn from the same policy (tiny:1b, Q4_K_M, digest sha256:0f0f, script 0.1): a difference is one of plans, or of chance."},
		"one digest, two servers": {usual, elsewhere, "Both were drawn from the same policy (tiny:1b, Q4_K_M, digest sha256:0f0f, script 0.1): a difference is one of plans, or of chance."},
		"two digests":             {usual, other, ""},
		"one of them is known":    {usual, named, ""},
	} {
		x := audit.Compare(tasksOf(t, "a", firsts(c.a, 0, true, false)), tasksOf(t, "b", firsts(c.b, 0, true, true)))
		if got := strings.Join(x.Notes, " "); got != c.want {
			t.Errorf("%s: %q, want %q", what, got, c.want)
		}
	}
}

// TestCompareApart: without common tasks all draws count, as Newcombe has it, and a note says so.
func TestCompareApart(t *testing.T) {
	a, b := firsts(audittest.Usual().Policy, 0, repeat(56, 14)...), firsts(audittest.Usual().Policy, 1000, repeat(48, 32)...)
	c := audit.Compare(tasksOf(t, "a", a), tasksOf(t, "b", b))
	want := rate.Newcombe(rate.Wilson(56, 70), rate.Wilson(48, 80)) // 0.0524 to 0.3339: Newcombe 1998, table II
	if d := c.First.Difference; *d != *want || c.First.Verdict != audit.Better || c.Paired || c.McNemar != nil || math.Abs(d.Low-0.0524) > 5e-5 {
		t.Errorf("%+v", c.First.Difference)
	}
	if len(c.Notes) != 2 || !strings.HasPrefix(c.Notes[0], "They share no task") {
		t.Errorf("notes %q", c.Notes)
	}
}

// TestCompareFinds: a policy whose retries after reflections are much better is found to be so, over the tasks that both reflected on.
func TestCompareFinds(t *testing.T) {
	a, b := audittest.Usual(), audittest.Usual()
	a.Tasks, b.Tasks, b.From, a.Seed, b.Seed = 150, 150, 50, "x", "y"
	worse := b.Groups()
	for i := range worse { // half of the retries that passed fail
		if worse[i].Arm != data.ArmReflection {
			continue
		}
		for k := range worse[i].Rollouts {
			retry := worse[i].Rollouts[k].Last(data.StepRetry)
			if v := *retry.Verdict; k%2 == 0 && v.Pass {
				v.Pass, v.Score = false, 0
				retry.Verdict = &v
			}
		}
	}
	c := audit.Compare(tasksOf(t, "a", a.Groups()), tasksOf(t, "b", worse))
	if c.Shared != 100 || c.Retry.Verdict != audit.Better || c.First.Verdict != audit.CannotTell || c.Control.Verdict != audit.CannotTell || c.Retry.Tasks < 30 || c.Retry.Tasks > 80 {
		t.Errorf("shared %d\nfirst %+v\nretry %+v %+v\ncontrol %+v", c.Shared, c.First, c.Retry, c.Retry.Difference, c.Control)
	}
	if !strings.HasPrefix(c.Notes[0], "Compared over the 100 tasks that both have; A has 150, B has 150.") {
		t.Errorf("notes %q", c.Notes)
	}
}
