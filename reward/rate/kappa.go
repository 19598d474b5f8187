package rate

import "math"

// Kappa is Cohen's kappa: how far two judges agree beyond chance (Cohen 1960).
type Kappa struct {
	Value float64  `json:"kappa"` // 1: always; 0: as by chance
	Low   *float64 `json:"low"`   // 95%, from the large-sample standard error (Fleiss, Cohen and Everitt 1969); nil: both always said the same one thing
	High  *float64 `json:"high"`
}

// NewKappa returns the kappa of counts[i][j]: the first judge said i, the second j. Nil where nothing was counted.
// Where both judges gave one and the same answer throughout, chance explains all of it and kappa is 1 by convention.
func NewKappa(counts [2][2]int) *Kappa {
	n := float64(counts[0][0] + counts[0][1] + counts[1][0] + counts[1][1])
	if n == 0 {
		return nil
	}
	var p [2][2]float64
	var rows, columns [2]float64
	for i := range 2 {
		for j := range 2 {
			p[i][j] = float64(counts[i][j]) / n
			rows[i] += p[i][j]
			columns[j] += p[i][j]
		}
	}
	observed := p[0][0] + p[1][1]
	expected := rows[0]*columns[0] + rows[1]*columns[1]
	if expected == 1 {
		return &Kappa{Value: 1}
	}
	k := (observed - expected) / (1 - expected)
	// Fleiss, Cohen and Everitt 1969, equation 13.
	var a, b float64
	for i := range 2 {
		a += p[i][i] * square(1-(rows[i]+columns[i])*(1-k))
		for j := range 2 {
			if i != j {
				b += p[i][j] * square(columns[i]+rows[j])
			}
		}
	}
	variance := (a + square(1-k)*b - square(k-expected*(1-k))) / (square(1-expected) * n)
	half := z95 * math.Sqrt(max(0, variance))
	low, high := max(-1, k-half), min(1, k+half)
	return &Kappa{k, &low, &high}
}
