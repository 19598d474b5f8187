package llm

import "time"

// EndpointStats is what is known of one endpoint.
type EndpointStats struct {
	Name      string
	State     string // live; trial: one draw at a time; aside: until Until, if not for longer; gone: for good
	InFlight  int
	Served    int64         // draws accepted
	Failed    int64         // draws that ended with an error of the endpoint
	Tokens    int64         // sampled, of the draws accepted; estimated where the engine gives no count
	Mean      time.Duration // of the last draws; 0: none yet
	TokenTime time.Duration // of the last draws, for each token; 0: none yet
	Until     time.Time     // asked again after; zero: it is not aside
	Err       error         // why it is on trial, aside or gone; nil: it is live
	Doubtful  int           // draws accepted since it was last known to serve the right model
	Change    *Change       // why it is gone; nil: it is not
}

// Stats returns what is known of each endpoint, in their order.
func (b *Balancer) Stats() []EndpointStats {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]EndpointStats, len(b.ends))
	for i, e := range b.ends {
		s := EndpointStats{
			Name: e.Name, State: stateNames[e.state], InFlight: e.busy, Served: e.served, Failed: e.failed, Tokens: e.tokens,
			Mean: e.mean(), TokenTime: time.Duration(e.pace() * float64(time.Second)), Doubtful: len(e.doubt), Change: e.change,
		}
		if e.state == aside {
			s.Until = e.until
		}
		if e.state != live {
			s.Err = e.cause
		}
		out[i] = s
	}
	return out
}
