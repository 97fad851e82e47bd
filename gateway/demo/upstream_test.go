package demo

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay-go/backstay/internal/bubble"
)

// crowd sends n requests to u at once and returns their statuses, and when the
// last answer came.
func crowd(u *upstream, n int) (statuses map[int]int, took time.Duration) {
	begun := time.Now()
	var mu sync.Mutex
	statuses = map[int]int{}
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			w := httptest.NewRecorder()
			u.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
			mu.Lock()
			defer mu.Unlock()
			statuses[w.Code]++
		})
	}
	all.Wait()
	return statuses, time.Since(begun)
}

// inAct runs f with an upstream of a long demo that has just reached an act.
func inAct(t *testing.T, act int, f func(t *testing.T, u *upstream, m *meter)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		s := script{time.Hour}
		m := newMeter(s)
		u := newUpstream(ctx, s, time.Now(), 1, m)
		bubble.Advance(s.begin(act))
		f(t, u, m)
	})
}

func TestUpstreamWorksOnSoManyAtOnce(t *testing.T) {
	inAct(t, 2, func(t *testing.T, u *upstream, m *meter) { // slow: at least 820 ms each
		if _, took := crowd(u, workers); took > 860*time.Millisecond {
			t.Errorf("as many requests as workers took %v, want all at once", took)
		}
		if _, took := crowd(u, 2*workers); took < 2*820*time.Millisecond {
			t.Errorf("twice as many took %v, want the second half to wait", took)
		}
	})
}

func TestUpstreamQueueIsBounded(t *testing.T) {
	inAct(t, 0, func(t *testing.T, u *upstream, m *meter) {
		statuses, _ := crowd(u, workers+backlog+10)
		if statuses[http.StatusOK] != workers+backlog || statuses[http.StatusServiceUnavailable] != 10 {
			t.Errorf("statuses %v, want %d times 200 and 10 times 503", statuses, workers+backlog)
		}
		if got := m.acts(0)[0].attempts; got != workers+backlog+10 {
			t.Errorf("%d attempts counted, want those it refused as well", got)
		}
	})
}

func TestUpstreamFailsAsTheScriptSays(t *testing.T) {
	for _, test := range []struct{ act, least, most int }{{0, 0, 0}, {1, 60, 120}, {3, 300, 300}, {5, 0, 0}} {
		inAct(t, test.act, func(t *testing.T, u *upstream, _ *meter) {
			statuses, _ := crowd(u, 300)
			if failed := statuses[http.StatusServiceUnavailable]; failed < test.least || failed > test.most {
				t.Errorf("act %s: %d of 300 failed, want %d to %d", acts[test.act].name, failed, test.least, test.most)
			}
		})
	}
}

func TestUpstreamDoesTheWorkOfCallersThatHaveLeft(t *testing.T) {
	inAct(t, 2, func(t *testing.T, u *upstream, _ *meter) {
		ctx, leave := context.WithCancel(t.Context())
		leave()
		begun := time.Now()
		u.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil))
		if took := time.Since(begun); took < 820*time.Millisecond {
			t.Errorf("the work took %v, want all of it", took)
		}
	})
}

func TestUpstreamsOfOneSeedThrowTheSameDice(t *testing.T) {
	inAct(t, 1, func(t *testing.T, u *upstream, m *meter) {
		twin := newUpstream(t.Context(), u.script, u.begun, 1, m)
		for range 100 {
			takes, fails := u.roll()
			if twinTakes, twinFails := twin.roll(); takes != twinTakes || fails != twinFails {
				t.Fatalf("%v %v and %v %v", takes, fails, twinTakes, twinFails)
			}
		}
	})
}
