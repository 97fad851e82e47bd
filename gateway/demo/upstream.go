package demo

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// What the upstream can carry.
const (
	// workers is how many requests the upstream works on at once.
	workers = 64
	// backlog is how many more wait in its queue. The next is answered 503.
	backlog = 256
	// A healthy answer takes from minService to maxService.
	minService, maxService = 20 * time.Millisecond, 60 * time.Millisecond
)

// upstream is a service of finite capacity: a queue, first come first served,
// before a fixed number of workers. Like most services, it does not see that a
// caller has hung up, and does the work all the same. That is why retries of
// what has timed out can keep a service down.
type upstream struct {
	script  script
	begun   time.Time
	stopped <-chan struct{}
	meter   *meter
	slots   chan struct{}
	inside  atomic.Int64 // in the queue or with a worker

	mu   sync.Mutex
	rand *rand.Rand
}

// newUpstream returns an upstream that plays the script from begun on, until ctx
// ends. Upstreams of one seed throw the same dice.
func newUpstream(ctx context.Context, s script, begun time.Time, seed uint64, m *meter) *upstream {
	return &upstream{
		script: s, begun: begun, stopped: ctx.Done(), meter: m,
		slots: make(chan struct{}, workers),
		rand:  rand.New(rand.NewPCG(seed, 1)),
	}
}

// ServeHTTP implements http.Handler.
func (u *upstream) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	u.meter.attempt(u.now())
	defer u.inside.Add(-1)
	if u.inside.Add(1) > workers+backlog {
		http.Error(w, "the queue is full", http.StatusServiceUnavailable)
		return
	}
	select {
	case u.slots <- struct{}{}:
	case <-u.stopped:
		return
	}
	defer func() { <-u.slots }()
	takes, fails := u.roll()
	select {
	case <-time.After(takes):
	case <-u.stopped:
		return
	}
	if fails {
		http.Error(w, "out of order", http.StatusServiceUnavailable)
		return
	}
	_, _ = io.WriteString(w, "ok\n")
}

// roll returns how long the work on a request takes that begins now, and
// whether it fails.
func (u *upstream) roll() (takes time.Duration, fails bool) {
	u.mu.Lock()
	spread, luck := u.rand.Float64(), u.rand.Float64()
	u.mu.Unlock()
	b := u.script.behaviour(u.now())
	takes = minService + time.Duration(spread*float64(maxService-minService)) + b.slower
	return takes, luck < b.errors
}

func (u *upstream) now() time.Duration { return time.Since(u.begun) }
