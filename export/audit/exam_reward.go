package audit

import (
	"fmt"
	"math"

	"mulligan/data"
	"mulligan/reward"
)

// rewards makes the rewards and advantages of a group again, from what the verifier says of its retries now.
func (x *exam) rewards(g *Group) {
	if g.Arm == data.ArmAttempts || g.Arm == data.ArmControl {
		for i, r := range g.Rollouts {
			if r.Reward != nil {
				x.find(Finding{Kind: FindingReward, Place: x.place(g, i, ""), Column: "reward", Is: number(r.Reward), Want: "null", Why: "only reflections earn"})
			}
			if r.Advantage != nil {
				x.find(Finding{Kind: FindingAdvantage, Place: x.place(g, i, ""), Column: "advantage", Is: number(r.Advantage), Want: "null", Why: "only reflections earn"})
			}
		}
		return
	}
	for i, r := range g.Rollouts {
		if r.Reward != nil {
			x.checked.Rewards++
		}
		if r.Advantage != nil {
			x.checked.Advantages++
		}
		if a := r.Last(data.StepAttempt); a != nil && a.Verdict != nil && i == 0 && x.now(a).Pass {
			x.find(Finding{Kind: FindingGroup, Place: x.place(g, -1, data.StepAttempt), Column: "first_passed", Is: "reflected on", Want: "not reflected on",
				Why: "the attempt did not fail"})
		}
	}
	for _, under := range x.a.modes {
		x.rewardsUnder(g, under)
	}
}

func (x *exam) rewardsUnder(g *Group, under rewards) {
	find := func(f Finding) { x.findUnder(under, f) }
	var compared []float64
	var of []int
	for i, r := range g.Rollouts {
		earned := r.Reward
		if retry := r.Last(data.StepRetry); retry != nil && retry.Verdict != nil {
			want := under.of(x.now(retry))
			if r.Reward == nil || *r.Reward != want {
				find(Finding{Kind: FindingReward, Place: x.place(g, i, ""), Column: "reward", Is: number(r.Reward), Want: number(&want),
					Why: "its retry: " + verdict(x.now(retry))})
			}
			earned = &want
		}
		if earned != nil && r.Excluded == "" {
			compared, of = append(compared, *earned), append(of, i)
		}
	}
	if x.prompt.gap {
		return
	}
	method := g.Advantage
	if method == "" || method == reward.AdvantageNone {
		for i, r := range g.Rollouts {
			if r.Advantage != nil {
				find(Finding{Kind: FindingAdvantage, Place: x.place(g, i, ""), Column: "advantage", Is: number(r.Advantage), Want: "null", Why: "the group has no method"})
			}
		}
		return
	}
	adv, noSignal, err := reward.Advantages(method, compared)
	if err != nil {
		find(Finding{Kind: FindingAdvantage, Place: x.place(g, -1, ""), Column: "advantage_method", Is: method, Want: "one that is known", Why: err.Error()})
		return
	}
	if g.NoSignal != (noSignal || len(compared) == 0) {
		find(Finding{Kind: FindingGroup, Place: x.place(g, -1, ""), Column: "no_signal", Is: fmt.Sprint(g.NoSignal), Want: fmt.Sprint(!g.NoSignal),
			Why: fmt.Sprintf("rewards that are compared: %v", compared)})
	}
	want := make([]*float64, len(g.Rollouts))
	for k, i := range of {
		want[i] = &adv[k]
	}
	for i, r := range g.Rollouts {
		if !sameAdvantage(r.Advantage, want[i], g.Rows != nil) {
			find(Finding{Kind: FindingAdvantage, Place: x.place(g, i, ""), Column: "advantage", Is: number(r.Advantage), Want: number(want[i]),
				Why: fmt.Sprintf("%s of the rewards %v", method, compared)})
		}
	}
}

// sameAdvantage compares exactly. The columns of an export hold float32.
func sameAdvantage(is, want *float64, narrow bool) bool {
	if is == nil || want == nil {
		return is == want
	}
	if narrow {
		return float32(*is) == float32(*want)
	}
	return *is == *want || math.IsNaN(*is) && math.IsNaN(*want)
}

func number(f *float64) string {
	if f == nil {
		return "null"
	}
	return fmt.Sprintf("%g", *f)
}
