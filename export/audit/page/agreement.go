package page

import "mulligan/export/audit"

// agreement is an audit.Agreement with the replies that two verifiers judge differently.
type agreement struct {
	*audit.Agreement
	Replies []disagreement
	Left    int // replies that are not shown
}

type disagreement struct {
	audit.Disagreement
	Where, Href string
}

const repliesShown = 50

func agreementOf(a *audit.Agreement) *agreement {
	if a == nil {
		return nil
	}
	out := &agreement{Agreement: a}
	for _, d := range a.Disagreements[:min(repliesShown, len(a.Disagreements))] {
		where, href := whereOf(d.Place)
		out.Replies = append(out.Replies, disagreement{d, where, href})
	}
	out.Left = a.OnlyFirst + a.OnlySecond - len(out.Replies)
	return out
}
