package demo

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

const (
	// rate is how many requests arrive per second on each side, on average.
	rate = 100
	// maxInFlight bounds the requests under way on each side. One that arrives
	// beyond it fails at once. At this rate four attempts of a second each need
	// 400.
	maxInFlight = 512
	// Both sides make at most maxAttempts attempts of at most attemptTimeout.
	maxAttempts    = 4
	attemptTimeout = time.Second
)

// caller makes one request and reports whether it got a good answer.
type caller func(ctx context.Context) bool

// side is one of the two things compared.
type side struct {
	call     caller
	meter    *meter
	inFlight chan struct{}
}

func newSide(m *meter, call caller) *side {
	return &side{call: call, meter: m, inFlight: make(chan struct{}, maxInFlight)}
}

// naive calls url as programs do that nobody has looked at closely: a timeout
// for each attempt, and whatever fails is tried again at once.
func naive(client *http.Client, url string) caller {
	return func(ctx context.Context) bool {
		for range maxAttempts {
			if get(ctx, client, url) {
				return true
			}
		}
		return false
	}
}

// once calls url once: through Backstay, which does the rest.
func once(client *http.Client, url string) caller {
	return func(ctx context.Context) bool { return get(ctx, client, url) }
}

func get(ctx context.Context, client *http.Client, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	resp, err := client.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err == nil && resp.StatusCode == http.StatusOK
}

// newClient returns a client whose connections are not what limits it.
func newClient(timeout time.Duration) *http.Client {
	transport := &http.Transport{MaxIdleConnsPerHost: maxInFlight}
	return &http.Client{Transport: transport, Timeout: timeout}
}

// generate sends requests to both sides, the same to each at the same moment,
// until the script or ctx ends. The gaps between them are random, but the same
// for the same seed, and do not depend on how soon answers come: users do not
// wait for each other. It returns when all requests have ended.
func generate(ctx context.Context, s script, begun time.Time, seed uint64, sides ...*side) {
	gaps := rand.New(rand.NewPCG(seed, 2))
	timer := time.NewTimer(0)
	defer timer.Stop()
	var underWay sync.WaitGroup
	defer underWay.Wait()
	for due := gap(gaps); due < s.length; due += gap(gaps) {
		timer.Reset(due - time.Since(begun))
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		for _, side := range sides {
			underWay.Go(func() { side.send(ctx, begun, due) })
		}
	}
}

// gap returns the time between two requests: exponential, as it is between
// users who know nothing of each other.
func gap(r *rand.Rand) time.Duration {
	return time.Duration(r.ExpFloat64() * float64(time.Second) / rate)
}

// send makes one request. Its time counts from when it was due, so that a
// generator that is late does not make answers look faster. A request that ctx
// ends is not an answer of the upstream's and does not count as one.
func (s *side) send(ctx context.Context, begun time.Time, due time.Duration) {
	r := s.meter.arrive(due)
	good := false
	select {
	case s.inFlight <- struct{}{}:
		good = s.call(ctx)
		<-s.inFlight
	default:
	}
	if ctx.Err() == nil {
		s.meter.finish(r, time.Since(begun), good)
	}
}
