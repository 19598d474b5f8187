package audit

import "mulligan/reward/rate"

// agreement counts what two verifiers say of the same replies.
type agreement struct {
	Agreement
	asked  bool
	agrees *rate.Clusters // by prompt
}

func newAgreement(opts Options) *agreement {
	return &agreement{asked: opts.Second != nil, agrees: rate.NewClusters(1),
		Agreement: Agreement{Second: opts.SecondName, Options: opts.SecondOptions, Disagreements: []Disagreement{}}}
}

func (a *agreement) add(x *exam) {
	var same rate.Count
	for _, r := range x.ruled {
		if r.err != nil {
			if a.Undecided++; a.UndecidedFor == "" {
				a.UndecidedFor = beginning(r.err.Error(), 300)
			}
			continue
		}
		same.N++
		switch {
		case r.first.Pass && r.second.Pass:
			a.BothPass++
		case r.first.Pass:
			a.OnlyFirst++
		case r.second.Pass:
			a.OnlySecond++
		default:
			a.BothFail++
		}
		if r.first.Pass == r.second.Pass {
			same.K++
			continue
		}
		a.Flipped += one(r.train)
		if len(a.Disagreements) < MaxFindings {
			a.Disagreements = append(a.Disagreements, Disagreement{Place: r.place, First: r.first.Pass, Second: r.second.Pass,
				Reply: beginning(r.reply, 200), Why: beginning(r.second.Reason, 200)})
		}
	}
	a.agrees.Add(same)
}

func (a *agreement) report(r *Report) {
	if !a.asked {
		return
	}
	out := a.Agreement
	out.First = r.Subject.Verifier
	out.Agree = a.agrees.Rate(0)
	out.Kappa = rate.NewKappa([2][2]int{{a.BothPass, a.OnlyFirst}, {a.OnlySecond, a.BothFail}})
	r.Agreement = &out
}
