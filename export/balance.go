package export

import (
	"encoding/binary"
	"encoding/hex"
	"slices"

	"mulligan/data"
)

// BalanceLabels is a value of Options.Balance: of what trains in a split, as many rows whose retry passed as rows whose retry failed.
const BalanceLabels = "labels"

// balancer decides which rows of the more frequent label stay: those whose episodes have the smallest ids. Ids are digests, so it is a
// choice that depends on nothing else. Memory is 8 bytes for each row that trains, while they are counted.
type balancer struct {
	seen  map[string]map[bool][]uint64 // split, label: ranks
	limit map[string]map[bool]uint64   // the highest rank that stays
}

func newBalancer() *balancer { return &balancer{seen: map[string]map[bool][]uint64{}} }

func (b *balancer) count(v *view) {
	of := b.seen[v.task.split]
	if of == nil {
		of = map[bool][]uint64{}
		b.seen[v.task.split] = of
	}
	for i := range v.trained(tally{}) {
		if retry := v.Rollouts[i].Last(data.StepRetry); retry != nil && retry.Verdict != nil {
			of[retry.Verdict.Pass] = append(of[retry.Verdict.Pass], rank(v.episodes[i]))
		}
	}
}

// settle fixes what stays, when all rows were counted.
func (b *balancer) settle() {
	b.limit = map[string]map[bool]uint64{}
	for split, of := range b.seen {
		n := min(len(of[false]), len(of[true]))
		b.limit[split] = map[bool]uint64{}
		for label, ranks := range of {
			slices.Sort(ranks)
			if n > 0 {
				b.limit[split][label] = ranks[n-1]
			}
		}
	}
	b.seen = nil
}

// keeps reports whether a row stays. A label that stands alone in its split has nothing to be balanced with: none stays.
func (b *balancer) keeps(split, episode string, label bool) bool {
	limit, some := b.limit[split][label]
	return some && rank(episode) <= limit
}

// rank is the beginning of an episode's id.
func rank(episode string) uint64 {
	var b [8]byte
	_, _ = hex.Decode(b[:], []byte(episode[:16])) // a digest in hexadecimal, made by Digest.String
	return binary.BigEndian.Uint64(b[:])
}

// dropLabelled returns why a rollout that trains is kept out of formats with a label; "": it is not.
func (v *view) dropLabelled(i int) string {
	if v.drop[i] != "" || v.task.balancer == nil || v.Rollouts[i].Trained() < 0 {
		return v.drop[i]
	}
	retry := v.Rollouts[i].Last(data.StepRetry)
	if retry == nil || retry.Verdict == nil || v.task.balancer.keeps(v.task.split, v.episodes[i], retry.Verdict.Pass) {
		return ""
	}
	return DropBalance
}

// labelled returns the examples of a format with a label.
func (v *view) labelled(left tally, has carries) ([]example, error) {
	all, err := v.examples(left, has)
	kept := all[:0]
	for _, e := range all {
		if why := v.dropLabelled(e.rollout); why != "" {
			left.add(why, 1)
			continue
		}
		kept = append(kept, e)
	}
	return kept, err
}
