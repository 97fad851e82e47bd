package gateway

import (
	"maps"
	"slices"
	"time"

	"github.com/backstay-go/backstay/breaker"
	"github.com/backstay-go/backstay/bulkhead"
	"github.com/backstay-go/backstay/ratelimit"
	"github.com/backstay-go/backstay/retry"
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
	// Refused counts the requests that a policy refused, by policy: ratelimit,
	// breaker, bulkhead. Those answered by the fallback are among them.
	Refused map[string]int64 `json:"refused"`
	// Attempts counts what was sent to the upstream; Retries are those of them
	// that were not a request's first.
	Attempts int64 `json:"attempts"`
	Retries  int64 `json:"retries"`
	// Latency is how long requests took that were not refused, from their arrival
	// to the end of the response.
	Latency Latency `json:"latency"`
	// RetryBudget is how many retries could start now. It is nil if the route has
	// none, or no retries.
	RetryBudget *float64 `json:"retry_budget,omitempty"`
	// RateLimit, Breaker and Bulkhead are nil if the route has none. A rate limit of
	// the whole route has no keys.
	RateLimit *ratelimit.KeyedSnapshot `json:"rate_limit,omitempty"`
	Breaker   *breaker.Snapshot        `json:"breaker,omitempty"`
	Bulkhead  *bulkhead.Snapshot       `json:"bulkhead,omitempty"`
}

// Requests counts requests by how they ended.
type Requests struct {
	Succeeded     int64 `json:"succeeded"`      // the upstream answered, with a status below 500
	UpstreamError int64 `json:"upstream_error"` // the upstream answered with a status from 500 up
	Unreachable   int64 `json:"unreachable"`    // the upstream gave no answer
	TimedOut      int64 `json:"timed_out"`      // the upstream gave no answer in time
	Refused       int64 `json:"refused"`        // a policy refused the request
	Fallback      int64 `json:"fallback"`       // the client got the fallback
	Canceled      int64 `json:"canceled"`       // the client went away, or did not send a whole body
	Aborted       int64 `json:"aborted"`        // the response broke off
}

// Latency is the distribution of how long requests took, at most a sixteenth too
// high.
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
		state := r.state()
		state.Policy = g.config.Routes[i].Policy
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

// state returns the state of the route.
func (r *route) state() RouteState {
	s := r.stats.state()
	s.Name, s.Upstream = r.name, r.upstream.name
	if retries := r.policies.pipeline.Retry; retries != nil && retries.Budget != retry.NoBudget {
		s.RetryBudget = new(retries.Budget.Tokens())
	}
	if l := r.policies.limit; l != nil {
		s.RateLimit = new(l.snapshot())
	}
	if b := r.policies.breaker; b != nil {
		s.Breaker = new(b.Snapshot())
	}
	if b := r.policies.bulkhead; b != nil {
		s.Bulkhead = new(b.Snapshot())
	}
	return s
}

// state returns the counters.
func (s *stats) state() RouteState {
	var n [outcomes]int64
	for i := range n {
		n[i] = s.requests[i].Load()
	}
	byPolicy := map[string]int64{}
	for i, name := range refusers {
		byPolicy[name] = s.refused[i].Load()
	}
	took := s.latency.Counts()
	return RouteState{
		Requests: Requests{
			Succeeded: n[succeeded], UpstreamError: n[upstreamError], Unreachable: n[unreachable], TimedOut: n[timedOut],
			Refused: n[refused], Fallback: n[fellBack], Canceled: n[canceled], Aborted: n[aborted],
		},
		Refused:  byPolicy,
		Attempts: s.attempts.Load(),
		Retries:  s.retries.Load(),
		Latency:  Latency{P50: took.Quantile(0.5), P90: took.Quantile(0.9), P99: took.Quantile(0.99)},
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
