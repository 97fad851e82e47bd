package gateway

import (
	"maps"
	"slices"
	"time"
)

// State is what a gateway is and has done, at one moment. Durations are in
// nanoseconds.
type State struct {
	Uptime    time.Duration   `json:"uptime"`
	Stopping  bool            `json:"stopping"`
	Routes    []RouteState    `json:"routes"`
	Upstreams []UpstreamState `json:"upstreams"`
}

// RouteState is the state of one route.
type RouteState struct {
	Name     string `json:"name"`
	Upstream string `json:"upstream"`
	Policy   string `json:"policy"`
	// Requests counts the requests that have ended, by outcome.
	Requests Requests `json:"requests"`
	// Attempts counts what was sent to the upstream, retries included.
	Attempts int64 `json:"attempts"`
	// Latency is how long requests took.
	Latency Latency `json:"latency"`
}

// Requests counts requests by how they ended.
type Requests struct {
	Succeeded     int64 `json:"succeeded"`      // the upstream answered, with a status below 500
	UpstreamError int64 `json:"upstream_error"` // the upstream answered with a status from 500 up
	Unreachable   int64 `json:"unreachable"`    // the upstream gave no answer
	TimedOut      int64 `json:"timed_out"`      // the upstream gave no answer in time
	Rejected      int64 `json:"rejected"`       // a policy refused the request
	Fallback      int64 `json:"fallback"`       // the client got the fallback
	Canceled      int64 `json:"canceled"`       // the client gave up
	Aborted       int64 `json:"aborted"`        // the response broke off
}

// Latency is the distribution of how long requests took, at most 25 % too high.
type Latency struct {
	P50 time.Duration `json:"p50"`
	P90 time.Duration `json:"p90"`
	P99 time.Duration `json:"p99"`
}

// UpstreamState is the state of one upstream.
type UpstreamState struct {
	Name      string          `json:"name"`
	Endpoints []EndpointState `json:"endpoints"`
}

// EndpointState is the state of one endpoint.
type EndpointState struct {
	URL      string `json:"url"`
	Attempts int64  `json:"attempts"`
	Failures int64  `json:"failures"`
}

// State returns what the gateway is and has done.
func (g *Gateway) State() State {
	s := State{Uptime: time.Since(g.begun), Stopping: g.stopping.Load()}
	for i, r := range g.routes {
		state := r.stats.state()
		state.Name, state.Upstream, state.Policy = r.name, r.upstream.name, g.config.Routes[i].Policy
		s.Routes = append(s.Routes, state)
	}
	for _, u := range g.upstreams {
		state := UpstreamState{Name: u.name}
		for _, e := range u.endpoints {
			state.Endpoints = append(state.Endpoints, EndpointState{e.url.String(), e.attempts.Load(), e.failures.Load()})
		}
		s.Upstreams = append(s.Upstreams, state)
	}
	return s
}

func (s *stats) state() RouteState {
	var n [outcomes]int64
	for i := range n {
		n[i] = s.requests[i].Load()
	}
	q := s.latency.quantiles(0.5, 0.9, 0.99)
	return RouteState{
		Requests: Requests{
			Succeeded: n[succeeded], UpstreamError: n[upstreamError], Unreachable: n[unreachable], TimedOut: n[timedOut],
			Rejected: n[rejected], Fallback: n[fellBack], Canceled: n[canceled], Aborted: n[aborted],
		},
		Attempts: s.attempts.Load(),
		Latency:  Latency{P50: q[0], P90: q[1], P99: q[2]},
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
