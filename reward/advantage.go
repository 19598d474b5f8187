package reward

import (
	"fmt"
	"math"
)

// The methods of Advantages, by what they divide the centred rewards by. std is the standard
// deviation with n in the denominator for population, and n-1 (Bessel) for the two samples.
const (
	AdvantagePopulation = "population"  // std + 1e-6, as numpy's std: GRPO as the Reasoning Cache code computes it
	AdvantageSampleTRL  = "sample_trl"  // std + 1e-4: TRL's GRPOTrainer
	AdvantageSampleVerl = "sample_verl" // std + 1e-6: verl's compute_grpo_outcome_advantage
	AdvantageMeanOnly   = "mean_only"   // 1: the reward less the mean (Dr. GRPO)
	AdvantageNone       = "none"        // no advantages
)

// AdvantageMethods are the methods that Advantages knows.
var AdvantageMethods = []string{AdvantagePopulation, AdvantageSampleTRL, AdvantageSampleVerl, AdvantageMeanOnly, AdvantageNone}

// Advantages compares the rewards of one group: adv[i] = (rewards[i] - mean) / divisor.
//
// adv is nil for the method none, else as long as rewards, and sums to 0 but for rounding.
// noSignal reports that all rewards are equal, under any method: then every advantage is exactly 0.
// So it is for a single reward, which has nothing to be compared with. (verl and the Reasoning
// Cache code take mean 0 and std 1 there, so that the advantage of a single rollout is its reward;
// we don't, because that rewards a rollout for what it was not compared with.)
//
// An unknown method and a reward that is not finite are errors. Computed in float64; trainers
// that compute in float32 differ in the seventh digit.
func Advantages(method string, rewards []float64) (adv []float64, noSignal bool, err error) {
	var eps float64
	bessel := 0
	switch method {
	case AdvantagePopulation:
		eps = 1e-6
	case AdvantageSampleTRL:
		eps, bessel = 1e-4, 1
	case AdvantageSampleVerl:
		eps, bessel = 1e-6, 1
	case AdvantageMeanOnly, AdvantageNone:
	default:
		return nil, false, fmt.Errorf("compute advantages: method %q: want one of %q", method, AdvantageMethods)
	}
	noSignal = true
	for i, r := range rewards {
		if math.IsNaN(r) || math.Abs(r) > 1e100 {
			return nil, false, fmt.Errorf("compute advantages: reward %d is %g: want a finite number within 1e100", i, r)
		}
		noSignal = noSignal && r == rewards[0]
	}
	if method == AdvantageNone {
		return nil, noSignal, nil
	}
	adv = make([]float64, len(rewards))
	if noSignal {
		return adv, true, nil
	}
	n := float64(len(rewards))
	var mean, squares float64
	for _, r := range rewards {
		mean += r
	}
	mean /= n
	for i, r := range rewards {
		adv[i] = r - mean
		squares += float64(adv[i] * adv[i])
	}
	if method == AdvantageMeanOnly {
		return adv, false, nil
	}
	divisor := math.Sqrt(squares/(n-float64(bessel))) + eps
	for i := range adv {
		adv[i] /= divisor
	}
	return adv, false, nil
}
