package breaker_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay-go/backstay/breaker"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/bubble"
)

func TestPanickedProbeFreesItsSlot(t *testing.T) {
	in(t, touchy, func(s suite) {
		s.do(1, fail)
		bubble.Advance(breaker.DefaultCooldown)
		s.leave(func() { panic("on purpose") })
		s.want(breaker.Open)
		bubble.Advance(2 * breaker.DefaultCooldown)
		s.do(1, succeed)
		s.want(breaker.Closed)
	})
}

func TestGoexitInProbeFreesItsSlot(t *testing.T) {
	in(t, touchy, func(s suite) {
		s.do(1, fail)
		bubble.Advance(breaker.DefaultCooldown)
		s.leave(runtime.Goexit)
		s.want(breaker.Open)
		bubble.Advance(2 * breaker.DefaultCooldown)
		s.do(1, succeed)
		s.want(breaker.Closed)
	})
}

func TestHungProbeLosesItsLease(t *testing.T) {
	in(t, touchy, func(s suite) {
		s.do(1, fail)
		bubble.Advance(breaker.DefaultCooldown)
		hung := s.acquire()
		s.refuses()
		bubble.Advance(breaker.DefaultProbeTimeout - 1)
		s.refuses()
		bubble.Advance(1)
		s.do(1, succeed)
		s.want(breaker.Closed)
		hung.Done(errDown)
		s.want(breaker.Closed)
	})
}

func TestIgnoredOutcomesDoNotStarveRecovery(t *testing.T) {
	c := touchy
	c.Probes = 2
	c.Classify = func(err error) gate.Outcome {
		if errors.Is(err, errMiss) {
			return gate.Ignored
		}
		return gate.Classify(err)
	}
	in(t, c, func(s suite) {
		s.do(1, fail)
		bubble.Advance(breaker.DefaultCooldown)
		for i := range 10 { // four in five miss
			op := func(context.Context) error { return errMiss }
			if i%5 == 4 {
				op = succeed
			}
			s.do(1, op)
		}
		s.want(breaker.Closed)
	})
}

func TestCallFromBeforeDecidesNothing(t *testing.T) {
	for name, outcome := range map[string]error{"success": nil, "failure": errDown} {
		t.Run(name, func(t *testing.T) {
			c := touchy
			c.Probes = 2
			in(t, c, func(s suite) {
				open, half := s.acquire(), s.acquire()
				s.do(1, fail)
				open.Done(outcome)
				s.want(breaker.Open)
				bubble.Advance(breaker.DefaultCooldown)
				s.do(1, succeed)
				half.Done(outcome)
				s.want(breaker.HalfOpen)
				s.do(1, succeed)
				s.want(breaker.Closed)
			})
		})
	}
}

func TestHalfOpenAdmitsProbesOnly(t *testing.T) {
	c := touchy
	c.Probes = 4
	in(t, c, func(s suite) {
		s.do(1, fail)
		bubble.Advance(breaker.DefaultCooldown)
		var calls sync.WaitGroup
		release := make(chan struct{})
		var mu sync.Mutex
		ran, refused := 0, 0
		for range 256 {
			calls.Go(func() {
				err := s.Do(t.Context(), func(context.Context) error { <-release; return nil })
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					ran++
				} else {
					refused++
				}
			})
		}
		synctest.Wait()
		if got := s.Snapshot().Probes; got != 4 {
			t.Errorf("%d probes run, want 4", got)
		}
		close(release)
		calls.Wait()
		if ran != 4 || refused != 252 {
			t.Errorf("%d calls ran and %d were refused, want 4 and 252", ran, refused)
		}
		s.want(breaker.Closed)
	})
}

func TestCooldownGrowsWithJitterUpToALimit(t *testing.T) {
	c := touchy
	c.Cooldown, c.MaxCooldown = 10*time.Second, time.Minute
	in(t, c, func(s suite) {
		seen := map[time.Duration]bool{}
		s.do(1, fail)
		for i, longest := range []time.Duration{10, 20, 40, 60, 60, 60} {
			longest *= time.Second
			left := s.Snapshot().Remaining
			if left > longest || left < longest*4/5 {
				t.Errorf("cooldown %d lasts %v, want at most a fifth less than %v", i+1, left, longest)
			}
			seen[left*time.Minute/longest] = true
			bubble.Advance(left - 1)
			s.refuses()
			bubble.Advance(1)
			s.do(1, fail)
		}
		if len(seen) == 1 {
			t.Error("six cooldowns were all shortened by the same share, want each by its own")
		}
	})
}

func TestRampAdmitsAGrowingShare(t *testing.T) {
	c := touchy
	c.Ramp, c.FailureRate = time.Second, 1
	in(t, c, func(s suite) {
		s.do(1, fail)
		bubble.Advance(breaker.DefaultCooldown)
		s.do(1, succeed)
		for tenth := range 10 {
			ran := 0
			for range 1000 {
				if s.Do(t.Context(), succeed) == nil {
					ran++
				}
			}
			if want := 100 * tenth; ran < want-1 || ran > want+1 {
				t.Errorf("%d/10 of the ramp: %d of 1000 calls ran, want %d", tenth, ran, want)
			}
			if got, want := s.Snapshot().Admitted, float64(tenth)/10; got != want {
				t.Errorf("%d/10 of the ramp: Admitted is %v, want %v", tenth, got, want)
			}
			bubble.Advance(time.Second / 10)
		}
		s.want(breaker.Closed)
	})
}
