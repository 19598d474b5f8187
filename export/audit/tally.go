package audit

import "mulligan/reward/rate"

// tally counts one rate by prompt: replies to one prompt are alike, and its interval takes that into account.
type tally struct {
	prompt   rate.Count // of the prompt that is being counted
	clusters *rate.Clusters
}

func newTally() *tally { return &tally{clusters: rate.NewClusters(1)} }

func (t *tally) count(is bool) {
	t.prompt.N++
	t.prompt.K += one(is)
}

// end ends a prompt.
func (t *tally) end() {
	if t.prompt.N > 0 {
		t.clusters.Add(t.prompt)
		t.prompt = rate.Count{}
	}
}

func (t *tally) rate() rate.Rate { return t.clusters.Rate(0) }
