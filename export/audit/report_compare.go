package audit

import (
	"encoding/json"

	"mulligan/reward/rate"
)

// Agreement compares a second verifier with the verdicts of the first, over the replies that both decided.
type Agreement struct {
	First         string          `json:"first"`
	Second        string          `json:"second"`
	Options       json.RawMessage `json:"options"` // of the second, as given: NAME to VALUE
	BothPass      int             `json:"both_pass"`
	OnlyFirst     int             `json:"only_first"`  // passes, and the second refuses
	OnlySecond    int             `json:"only_second"` // passes, and the first refuses
	BothFail      int             `json:"both_fail"`
	Undecided     int             `json:"undecided"`     // by the second: not among these
	UndecidedFor  string          `json:"undecided_for"` // what it said of the first of these; "" where there are none
	Agree         rate.Rate       `json:"agree"`         // interval clustered by prompt
	Kappa         *rate.Kappa     `json:"kappa"`         // nil: nothing was compared
	Flipped       int             `json:"flipped"`       // rewards of reflections that train that would be another one under the second
	Disagreements []Disagreement  `json:"disagreements"` // in the order of the data; at most MaxFindings
}

// Disagreement is a reply that two verifiers judge differently.
type Disagreement struct {
	Place
	First  bool   `json:"first"`  // passes
	Second bool   `json:"second"` // passes
	Reply  string `json:"reply"`  // its beginning
	Why    string `json:"why"`    // the reason of the second
}

// Comparison holds two data sets against each other. A is the one that was audited, B the one that it is against.
//
// Where at least MinShared tasks are in both, only these are compared, task by task: what makes one task harder than another
// then does not count. Else all of both are, as independent.
type Comparison struct {
	A       Side     `json:"a"`
	B       Side     `json:"b"`
	Shared  int      `json:"shared"`  // tasks that are in both, by task id
	Paired  bool     `json:"paired"`  // only these were compared
	First   Compared `json:"first"`   // pass@1
	McNemar *McNemar `json:"mcnemar"` // of pass@1, where it is paired; else nil
	Retry   Compared `json:"retry"`   // retries after a reflection
	Control Compared `json:"control"` // retries without one
	Gain    Compared `json:"gain"`    // retry minus control
	Notes   []string `json:"notes"`   // what makes them hard to compare: another verifier, strategy, sampling: sentences
}

// MinShared is how many tasks two data sets must share to be compared by these.
const MinShared = 2

// Side is one of two data sets.
type Side struct {
	Path     string   `json:"path"`
	Policies []string `json:"policies"`
	Verifier string   `json:"verifier"`
	Strategy string   `json:"strategy"`
	Tasks    int      `json:"tasks"`

	weights []string // as Subject.weights
}

// The verdicts of a Compared.
const (
	Better     = "better"      // A is: the whole interval is above 0
	Worse      = "worse"       // A is: the whole interval is below 0
	CannotTell = "cannot tell" // the interval holds 0
	NotThere   = "not there"   // one of them has no such draws
)

// Compared is one rate of A and B.
type Compared struct {
	A          *rate.Rate       `json:"a"` // nil for the gain, which is a difference
	B          *rate.Rate       `json:"b"`
	GainA      *rate.Difference `json:"gain_a,omitempty"` // of the gain only
	GainB      *rate.Difference `json:"gain_b,omitempty"`
	Tasks      int              `json:"tasks"`      // that were compared; 0 where it is not paired
	Difference *rate.Difference `json:"difference"` // A less B; nil: not there
	Verdict    string           `json:"verdict"`
}

// McNemar is the exact test of two pass rates over the same tasks: only tasks that one passes and the other fails count.
type McNemar struct {
	BothPass int     `json:"both_pass"`
	OnlyA    int     `json:"only_a"` // passes
	OnlyB    int     `json:"only_b"`
	BothFail int     `json:"both_fail"`
	P        float64 `json:"p"` // two-sided, exact (binomial)
}
