package main

import (
	"bytes"
	"strings"
	"testing"

	"mulligan/export/audit"
	"mulligan/reward/rate"
)

// TestAuditWords: what could be taken for something else has words of its own.
func TestAuditWords(t *testing.T) {
	sampled, rewarded := 839, 63
	r := &audit.Report{Funnel: audit.Funnel{Prompts: 60, FirstFailed: 60, TrainedTokens: &sampled, RewardedTokens: &rewarded},
		Tokens: []audit.TokenCount{
			{Step: "reflection", Source: "aligned", ContextSource: "rendered", LogprobsMode: "raw", Draws: 36, Trained: 831, EndMissing: 8},
			{Step: "reflection", Source: "none", LogprobsMode: "none", Draws: 2, Trained: 20}},
		RewardSize: audit.RewardSize{Unit: audit.UnitTokens, Buckets: []audit.RewardBucket{{From: 8, To: 8, Rewarded: rate.Wilson(2, 12)}, {From: 9, To: 11, Rewarded: rate.Wilson(3, 12)}}},
		Duplicates: []audit.Duplicates{{Of: "reflections", Texts: 120, Distinct: 116, Repeated: 4, OneIn: 1, Near: &audit.Near{Texts: 116, All: true, Threshold: 0.8}}},
		Agreement:  &audit.Agreement{First: "number", Second: "exact", Undecided: 62}}
	r.Rates.First = rate.Wilson(22, 60)
	var out bytes.Buffer
	p := &reportPrinter{w: &out, r: r}
	p.rates()
	p.replies()
	p.texts()
	p.agreement()
	for _, want := range []string{
		"prompts      60, 60 with a failed attempt\n",
		"first try     36.7% [25.6, 49.3]  22 of 60   pass@1\n",
		"tokens       839 sampled by reflections that train, 63 by those that are rewarded (as the engine counts)\n",
		", log-probabilities raw, 8 without their last id, 831 ids train\n",
		"without ids, log-probabilities none, 20 tokens of replies that train\n",
		"   of 8 tokens\n", "   of 9 to 11 tokens\n",
		"duplicates   4 of 120 reflections say what an earlier one says\n",
		"             of the 116 distinct ones, 0 share 80% of their word runs with an earlier one\n",
		"second       no reply was judged by both number and exact\n",
		", 62 undecided by the second\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
}
