package demo

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// arrivals runs the generator for a virtual minute with a caller that takes
// some time, and returns when requests arrived.
func arrivals(t *testing.T, seed uint64, takes time.Duration) []time.Duration {
	t.Helper()
	var times []time.Duration
	synctest.Test(t, func(t *testing.T) {
		begun, s := time.Now(), script{time.Minute}
		var mu sync.Mutex
		generate(t.Context(), s, begun, seed, newSide(newMeter(s), func(ctx context.Context) bool {
			mu.Lock()
			times = append(times, time.Since(begun))
			mu.Unlock()
			<-time.After(takes)
			return true
		}))
	})
	return times
}

func TestRequestsArriveAtTheRate(t *testing.T) {
	times := arrivals(t, 1, 0)
	if n := len(times); n < 60*rate*95/100 || n > 60*rate*105/100 {
		t.Errorf("%d requests in a minute, want about %d", n, 60*rate)
	}
	for i, at := range times[1:] {
		if at < times[i] || at >= time.Minute {
			t.Fatalf("request %d arrives at %v, after one at %v", i+1, at, times[i])
		}
	}
}

func TestRequestsDoNotWaitForEachOther(t *testing.T) {
	if fast, slow := arrivals(t, 1, 0), arrivals(t, 1, 3*time.Second); !slices.Equal(fast, slow) {
		t.Errorf("%d requests arrive while answers are fast, %d at other times while they are slow", len(fast), len(slow))
	}
}

func TestSeedDecidesWhenRequestsArrive(t *testing.T) {
	if slices.Equal(arrivals(t, 1, 0), arrivals(t, 2, 0)) {
		t.Error("two seeds give the same times")
	}
}

func TestBothSidesGetTheSameRequestsAtTheSameMoments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun, s := time.Now(), script{10 * time.Second}
		good := func(context.Context) bool { return true }
		a, b := newMeter(s), newMeter(s)
		generate(t.Context(), s, begun, 1, newSide(a, good), newSide(b, good))
		for i, x := range a.acts(time.Since(begun)) {
			if y := b.acts(time.Since(begun))[i]; x != y || x.arrived == 0 {
				t.Errorf("act %d: %d requests on one side, %d on the other", i, x.arrived, y.arrived)
			}
		}
	})
}

func TestRequestsUnderWayAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun, s := time.Now(), script{time.Minute}
		m := newMeter(s)
		var now, most atomic.Int64
		generate(t.Context(), s, begun, 1, newSide(m, func(context.Context) bool {
			if n := now.Add(1); n > most.Load() {
				most.Store(n)
			}
			defer now.Add(-1)
			<-time.After(time.Hour)
			return true
		}))
		if got := most.Load(); got != maxInFlight {
			t.Errorf("up to %d requests were under way, want %d", got, maxInFlight)
		}
		var all tally
		for _, act := range m.acts(time.Since(begun)) {
			all.merge(&act)
		}
		if all.decided != all.arrived || all.good != 0 {
			t.Errorf("%d arrived, %d decided, %d good: want those beyond the bound to have failed", all.arrived, all.decided, all.good)
		}
	})
}

func TestRequestsCutShortAreNotCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun, s := time.Now(), script{time.Minute}
		m := newMeter(s)
		generate(ctx, s, begun, 1, newSide(m, func(ctx context.Context) bool {
			<-ctx.Done()
			return false
		}))
		if took := time.Since(begun); took != time.Second {
			t.Errorf("it ended after %v, want with its context", took)
		}
		if got := m.acts(time.Since(begun))[0]; got.arrived == 0 || got.decided != 0 {
			t.Errorf("%d requests decided of %d, want none", got.decided, got.arrived)
		}
	})
}

// failing is an http.RoundTripper that answers 503 a number of times, then 200.
type failing struct{ left, seen int }

func (f *failing) RoundTrip(r *http.Request) (*http.Response, error) {
	f.seen++
	resp := &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}
	if f.left > 0 {
		f.left--
		resp.StatusCode = http.StatusServiceUnavailable
	}
	return resp, nil
}

func TestNaiveClientTriesFourTimes(t *testing.T) {
	for _, test := range []struct {
		failures, tries int
		good            bool
	}{{0, 1, true}, {1, 2, true}, {3, 4, true}, {4, 4, false}, {9, 4, false}} {
		synctest.Test(t, func(t *testing.T) {
			begun := time.Now()
			upstream := &failing{left: test.failures}
			good := naive(&http.Client{Transport: upstream}, "http://flaky.invalid/")(t.Context())
			if good != test.good || upstream.seen != test.tries || time.Since(begun) > 0 {
				t.Errorf("%d failures: %v after %d tries and %v, want %v after %d at once",
					test.failures, good, upstream.seen, time.Since(begun), test.good, test.tries)
			}
		})
	}
}

func TestNaiveClientGivesUpOnAnAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		hang := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		client := &http.Client{Transport: direct{hang}, Timeout: attemptTimeout}
		if naive(client, "http://flaky.invalid/")(t.Context()) {
			t.Error("a good answer from an upstream that hangs")
		}
		if took := time.Since(begun); took != maxAttempts*attemptTimeout {
			t.Errorf("it gave up after %v, want %v", took, maxAttempts*attemptTimeout)
		}
	})
}

func TestBackstayDoesTheRetriesOfItsSide(t *testing.T) {
	upstream := &failing{left: 1}
	if once(&http.Client{Transport: upstream}, "http://gateway.invalid/")(t.Context()) || upstream.seen != 1 {
		t.Errorf("%d requests to the gateway, want one and its failure", upstream.seen)
	}
}
