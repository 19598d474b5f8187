package page

import (
	"mulligan/export/audit"
	"mulligan/reward/rate"
)

func some[T any](v T) *T { return &v }

// report is one with everything that a page can show.
func report() audit.Report {
	w := rate.Wilson
	slice := func(name string, prompts, retried, of, control, ofControl int) audit.Slice {
		return audit.Slice{Name: name, Rates: audit.Rates{Prompts: prompts, Retry: w(retried, of), Control: w(control, ofControl)}}
	}
	r := audit.Report{
		Version: audit.ReportVersion,
		Subject: audit.Subject{Kind: "run", Path: "runs/countdown-7b", Run: "countdown-7b", Dataset: "countdown/train", Strategy: "reflect_retry",
			Policies: []string{"qwen3:7b, Q4_K_M, digest 0f0f0f0f0f0f, ollama 0.17.4"}, Verifier: "countdown", VerifierVersion: "2", VerifierOptions: []byte(`{"epsilon":1e-6}`),
			Prompts: 1200, PromptsAll: some(1500), Groups: 2900, Rollouts: 9100, Sequences: some(4870)},
		Checked:  audit.Checked{Verdicts: 9100, Same: 9098, Differ: 2, Leaks: 5100, Rewards: 5100, Advantages: 4870, Masks: 5100, Groups: 2900, Draws: 14200, Wrong: 3},
		Notes:    []string{"300 of 1,500 prompts are not finished: the run is still going."},
		Funnel:   audit.Funnel{Prompts: 1200, FirstFailed: 910, Filtered: 60, Reflected: 850, Failures: 850, Reflections: 5100, Excluded: 230, Trained: 4870, Fixed: 1720, Rewarded: 1655, TrainedTokens: some(287400), RewardedTokens: some(91200)},
		Rates:    audit.Rates{Prompts: 1200, First: w(402, 1200), Attempts: w(700, 2300), Retry: w(1720, 5100), Control: w(390, 1700), Gain: rate.Newcombe(w(1720, 5100), w(390, 1700))},
		ByFirst:  []audit.Slice{slice("none passed", 510, 820, 3060, 150, 1020), slice("up to a quarter", 180, 420, 1080, 120, 360), slice("up to a half", 160, 480, 960, 120, 320)},
		BySource: []audit.Slice{slice("countdown/train", 700, 900, 3000, 210, 1000), slice("function_calls/train", 500, 820, 2100, 180, 700)},
		Lengths: []audit.Lengths{
			lengths("attempt", 2300, 120), lengths("reflection", 5100, 60), lengths("retry", 5100, 110), lengths("control", 1700, 118),
		},
		Truncated: []audit.StepRate{{Step: "attempt", Rate: w(12, 2300)}, {Step: "reflection", Rate: w(180, 5100)}, {Step: "retry", Rate: w(40, 5100), Unknown: 7}, {Step: "control", Rate: w(9, 1700)}},
		Leaks:     audit.Leaks{Reflections: 5100, Checked: w(50, 5100), Trained: w(0, 4870), Rewarded: w(0, 1655), FixedLeak: w(38, 50), FixedClean: w(1682, 5050), Rejudged: true},
		Signal:    audit.Signal{Groups: w(540, 850), AllPass: 90, AllFail: 200, None: 20, Methods: map[string]int{"population": 850}},
		Duplicates: []audit.Duplicates{{Of: "prompts", Texts: 1200, Distinct: 1200, OneIn: 1}, {Of: "reflections", Texts: 5100, Distinct: 4900, Repeated: 200, OneIn: 1, Trained: some(180),
			Top: []audit.Repeated{{Text: "I should check my arithmetic.", N: 41}, {Text: "The numbers must each be used once.", N: 12}}, Near: &audit.Near{Texts: 4900, All: true, Threshold: 0.8, Similar: 310, Clusters: 77, Largest: 41, Examples: []audit.NearPair{{A: "I used 7 twice.", B: "I used 9 twice.", Similarity: 0.83}}}}},
		Languages: audit.Languages{Reflections: 5100, Empty: 3, Languages: []audit.NameCount{{Name: "en", N: 4900}, {Name: "zh", N: 150}, {Name: "und", N: 50}}, Scripts: []audit.NameCount{{Name: "Latin", N: 4950}, {Name: "Han", N: 150}},
			Gibberish: w(61, 5100), Reasons: []audit.NameCount{{Name: "loop", N: 50}, {Name: "symbols", N: 11}}, Examples: []string{"the the the the the the the"}, Mixed: w(150, 5000)},
		RewardSize: audit.RewardSize{Unit: "tokens", N: 4870, Correlation: &audit.Correlation{Rho: 0.08, Low: 0.05, High: 0.11, P: 0.0001, Method: "normal"}, Longer: 240, Shorter: 280, Equal: 20, SignTest: some(0.087)},
		Tokens: []audit.TokenCount{
			{Step: "attempt", Source: "aligned", ContextSource: "rendered", Exact: true, LogprobsMode: "raw", Draws: 2250, Complete: 2100, Tokens: 270000, EndMissing: 30},
			{Step: "attempt", Source: "none", ContextSource: "none", LogprobsMode: "raw", Draws: 50, Tokens: 6000},
			{Step: "reflection", Source: "aligned", ContextSource: "rendered", Exact: true, LogprobsMode: "raw", Draws: 4700, Complete: 4400, Tokens: 280000, Trained: 260000, EndMissing: 80},
			{Step: "reflection", Source: "retokenized", ContextSource: "rendered", LogprobsMode: "raw", Draws: 300, Complete: 0, Tokens: 20000, Trained: 20000},
			{Step: "reflection", Source: "none", ContextSource: "none", LogprobsMode: "raw", Draws: 100, Tokens: 7000, Trained: 7400},
			{Step: "retry", Source: "aligned", ContextSource: "rendered", Exact: true, LogprobsMode: "raw", Draws: 5100, Complete: 5000, Tokens: 560000},
			{Step: "control", Source: "engine", ContextSource: "engine", Exact: true, LogprobsMode: "processed", Draws: 1700, Complete: 1700, Tokens: 200000},
		},
		Agreement: &audit.Agreement{First: "countdown", Second: "exec: ./check.py", BothPass: 2000, OnlyFirst: 31, OnlySecond: 4, BothFail: 7065, Agree: w(9065, 9100), Kappa: &rate.Kappa{Value: 0.989}, Flipped: 12},
	}
	r.FindingsAll = 4
	r.Comparison = &audit.Comparison{
		A: audit.Side{Path: "runs/countdown-7b", Tasks: 1200}, B: audit.Side{Path: "runs/countdown-7b-base", Tasks: 1180}, Shared: 1100, Paired: true,
		First: compared(w(380, 1100), w(300, 1100)), McNemar: &audit.McNemar{BothPass: 260, OnlyA: 120, OnlyB: 40, BothFail: 680, P: 1.2e-9},
		Retry: compared(w(1600, 4800), w(1500, 4800)), Control: compared(w(360, 1600), w(380, 1600)), Notes: []string{"B was judged by another version of the verifier."},
	}
	r.Comparison.First.Verdict, r.Comparison.Retry.Verdict, r.Comparison.Control.Verdict = audit.Better, audit.CannotTell, audit.CannotTell
	r.Comparison.Gain = audit.Compared{GainA: r.Rates.Gain, GainB: rate.Newcombe(w(1500, 4800), w(380, 1600)), Difference: &rate.Difference{Value: 0.034, Low: -0.004, High: 0.071, Method: rate.MethodClustered}, Verdict: audit.CannotTell}
	place := audit.Place{Prompt: "0123456789ab", Arm: "reflection", Group: some(0), Rollout: some(3), Step: "retry"}
	r.Agreement.Disagreements = []audit.Disagreement{{Place: place, First: true, Reply: "(3 + 4) * 7", Why: "uses 7 twice"}}
	r.Findings = []audit.Finding{
		{Kind: audit.FindingVerdict, Place: place, Is: "pass=true score=1", Want: "pass=false score=0", Why: "uses 7 twice"},
		{Kind: audit.FindingReward, Place: place, Is: "1", Want: "0", Why: "its retry fails"},
		{Kind: audit.FindingHash, Place: audit.Place{File: "episodes/train-00000-of-00001.parquet", Row: some(int64(17))}, Column: "content_hash", Is: "5e1f09aa", Want: "77c0d1be"},
	}
	for i, k := range []int{140, 190, 180, 170, 165, 160, 165, 150, 170, 165} {
		r.RewardSize.Buckets = append(r.RewardSize.Buckets, audit.RewardBucket{From: 10 + 14*i, To: 23 + 14*i, Rewarded: w(k, 487), Mean: float64(k) / 487})
	}
	return r
}

func compared(a, b rate.Rate) audit.Compared {
	return audit.Compared{A: &a, B: &b, Tasks: 1100, Difference: rate.Newcombe(a, b)}
}

func lengths(step string, n, mid int) audit.Lengths {
	l := audit.Lengths{Step: step, Unit: audit.UnitTokens, N: n, Min: 3, P5: mid / 4, P25: mid * 2 / 3, P50: mid, P75: mid * 3 / 2, P95: mid * 5 / 2, P99: mid * 3, Max: 512, Mean: float64(mid)}
	wide := 13
	for i := range 40 {
		x := float64(i*wide) / float64(mid)
		l.Bins = append(l.Bins, audit.Bin{From: i * wide, To: i*wide + wide - 1, N: int(float64(n) * 0.3 * x * x / (0.3 + x*x*x*x))})
	}
	return l
}
