package page

import "mulligan/data"

// sequence is the outline of one training sample: where its sampled turns stand.
type sequence struct {
	Len    int      `json:"len"`
	Spans  [][4]int `json:"spans"` // start, stop, segment, 1 where it enters the loss
	Break  string   `json:"break,omitempty"`
	Source string   `json:"source"`
	Exact  bool     `json:"exact,omitempty"`
}

// sequences returns the outlines of a rollout's training samples, or why it has none.
func sequences(r data.Rollout) ([]sequence, string) {
	all, err := r.Sequences()
	if err != nil {
		return nil, err.Error()
	}
	out := make([]sequence, len(all))
	for i, s := range all {
		out[i] = sequence{Len: len(s.IDs), Source: string(s.Source), Exact: s.Exact, Spans: [][4]int{}}
		if s.Break != nil {
			out[i].Break = s.Break.String()
		}
		for _, span := range s.Spans {
			train := 0
			if span.Train {
				train = 1
			}
			out[i].Spans = append(out[i].Spans, [4]int{span.Start, span.Stop, int(data.Segment(r.Turns[span.Turn].Step)), train})
		}
	}
	return out, ""
}
