package audit_test

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"

	"mulligan/export"
	"mulligan/export/audit"
	"mulligan/export/audit/audittest"
	"mulligan/reward/rate"
)

// statistics is what testdata/statistics.py prints.
type statistics struct {
	Rates     map[string][2]int               `json:"rates"`
	BySource  map[string]map[string][2]int    `json:"by_source"`
	ByMeta    map[string]map[string][2]int    `json:"by_meta"`
	ByFirst   map[string]int                  `json:"by_first"`
	Lengths   map[string]map[string][]float64 `json:"lengths"`
	Truncated map[string][2]int               `json:"truncated"`
	Leaks     [2]int                          `json:"leaks"`
	Trained   [2]int                          `json:"trained"`
	Rewarded  [2]int                          `json:"rewarded"`
	Signal    [2]int                          `json:"signal"`
	Distinct  int                             `json:"distinct"`
	Spearman  float64                         `json:"spearman"`
	Sides     [2]int                          `json:"sides"`
	SignTest  float64                         `json:"sign_test"`
}

func counts(r rate.Rate) [2]int { return [2]int{r.K, r.N} }

func ratesOf(r audit.Rates) map[string][2]int {
	return map[string][2]int{"first": counts(r.First), "attempts": counts(r.Attempts), "retry": counts(r.Retry), "control": counts(r.Control)}
}

func round(f float64, digits float64) float64 { return math.Round(f*digits) / digits }

// TestStatisticsAgainstPandas compares the report of a data set with what pandas and numpy make of its columns.
func TestStatisticsAgainstPandas(t *testing.T) {
	python := os.Getenv("MULLIGAN_PYTHON")
	if python == "" {
		if os.Getenv("MULLIGAN_FULL") == "1" {
			t.Fatal("MULLIGAN_PYTHON is not set")
		}
		t.Skip("MULLIGAN_PYTHON is not set")
	}
	a := audittest.Usual()
	a.Tasks, a.Skill, a.Seed = 300, 50, "statistics"
	dir := write(t, a.Groups(), export.Episodes)
	r := ofFolder(t, dir)
	if r.Checked.Wrong != 0 {
		t.Fatalf("findings %+v", r.Findings)
	}
	var stderr bytes.Buffer
	cmd := exec.Command(python, "testdata/statistics.py", filepath.Join(dir, "episodes"))
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	var want statistics
	if err := json.Unmarshal(out, &want); err != nil {
		t.Fatal(err)
	}
	got := statistics{Rates: ratesOf(r.Rates), BySource: map[string]map[string][2]int{}, ByMeta: map[string]map[string][2]int{}, ByFirst: map[string]int{},
		Lengths: map[string]map[string][]float64{}, Truncated: map[string][2]int{}, Leaks: counts(r.Leaks.Checked),
		Trained: [2]int{r.Funnel.Trained, *r.Funnel.TrainedTokens}, Rewarded: [2]int{r.Funnel.Rewarded, *r.Funnel.RewardedTokens}, Signal: counts(r.Signal.Groups),
		Distinct: r.Duplicates[1].Distinct, Spearman: round(r.RewardSize.Correlation.Rho, 1e9), Sides: [2]int{r.RewardSize.Longer, r.RewardSize.Shorter},
		SignTest: round(*r.RewardSize.SignTest, 1e9)}
	for _, s := range r.BySource {
		got.BySource[s.Name] = ratesOf(s.Rates)
	}
	for _, s := range r.ByMeta.Slices {
		got.ByMeta[s.Name] = ratesOf(s.Rates)
	}
	for _, s := range r.ByFirst {
		got.ByFirst[s.Name] = s.Prompts
	}
	for _, l := range r.Lengths {
		if got.Lengths[l.Step] == nil {
			got.Lengths[l.Step] = map[string][]float64{}
		}
		row := []float64{}
		for _, n := range []int{l.N, l.Min, l.P5, l.P25, l.P50, l.P75, l.P95, l.P99, l.Max} {
			row = append(row, float64(n))
		}
		got.Lengths[l.Step][l.Unit] = append(row, round(l.Mean, 1e6))
	}
	for _, s := range r.Truncated {
		got.Truncated[s.Step] = counts(s.Rate)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the audit says\n%s\npandas says\n%s", asJSON(t, got), asJSON(t, want))
	}
	if want.Rates["first"][1] != 300 || want.Leaks[0] == 0 || want.Sides[0]+want.Sides[1] < 50 {
		t.Errorf("too little was compared: %s", out)
	}
}

// TestLiteralReport holds the numbers of the small data set, counted by hand from its replies (the recipes of docs/audit.md print the same).
func TestLiteralReport(t *testing.T) {
	r := ofRun(t, audittest.Usual().Groups(), audit.Options{})
	for what, c := range map[string]struct{ got, want any }{
		"first":        {counts(r.Rates.First), [2]int{8, 12}},
		"attempts":     {counts(r.Rates.Attempts), [2]int{11, 20}},
		"retry":        {counts(r.Rates.Retry), [2]int{20, 36}},
		"control":      {counts(r.Rates.Control), [2]int{5, 18}},
		"leaks":        {counts(r.Leaks.Checked), [2]int{1, 36}},
		"signal":       {counts(r.Signal.Groups), [2]int{7, 9}},
		"funnel":       {[]int{r.Funnel.Prompts, r.Funnel.FirstFailed, r.Funnel.Failures, r.Funnel.Reflections, r.Funnel.Excluded, r.Funnel.Trained, r.Funnel.Fixed, r.Funnel.Rewarded}, []int{12, 9, 9, 36, 1, 35, 20, 20}},
		"tokens":       {[]int{*r.Funnel.TrainedTokens, *r.Funnel.RewardedTokens}, []int{382, 217}},
		"repeated":     {[]int{r.Duplicates[1].Texts, r.Duplicates[1].Distinct, r.Duplicates[1].Repeated, r.Duplicates[1].Top[0].N}, []int{36, 7, 29, 12}},
		"cut":          {counts(r.Truncated[1].Rate), [2]int{1, 36}},
		"exact":        {r.Tokens[0].Exact && r.Tokens[0].Source == "engine" && r.Tokens[0].ContextSource == "engine" && r.Tokens[0].Complete == 20, true},
		"sizes":        {r.Signal.Sizes, []audit.Bin{{From: 4, To: 4, N: 9}}},
		"the largest":  {r.Rates.First.High > 0.8618 && r.Rates.First.High < 0.8619, true},
		"all in order": {r.Lengths[0].Step + r.Lengths[2].Step + r.Lengths[4].Step + r.Lengths[6].Step, "attemptreflectionretrycontrol"},
	} {
		if !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("%s: %v, want %v", what, c.got, c.want)
		}
	}
}
