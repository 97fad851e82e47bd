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
	"github.com/backstay-go/backstay/gate/gatetest"
	"github.com/backstay-go/backstay/internal/bubble"
)

var (
	errDown = errors.New("connection refused")
	errMiss = errors.New("not found")
)

func fail(context.Context) error    { return errDown }
func succeed(context.Context) error { return nil }

// suite is a breaker under test, in virtual time.
type suite struct {
	*testing.T
	*breaker.Breaker
}

// in runs a test with a new breaker in a bubble.
func in(t *testing.T, c breaker.Config, test func(suite)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(suite{t, breaker.New(c)}) })
}

// do makes n calls, all of which have to run.
func (s suite) do(n int, op func(context.Context) error) {
	s.Helper()
	for i := range n {
		if err := s.Do(s.Context(), op); errors.Is(err, breaker.ErrOpen) {
			s.Fatalf("call %d of %d was refused", i+1, n)
		}
	}
}

// want checks the state.
func (s suite) want(state breaker.State) {
	s.Helper()
	if got := s.State(); got != state {
		s.Fatalf("state %v, want %v (%+v)", got, state, s.Snapshot())
	}
}

// refuses checks that the next call is refused.
func (s suite) refuses() {
	s.Helper()
	err := s.Do(s.Context(), func(context.Context) error {
		s.Error("a call ran that should have been refused")
		return nil
	})
	if !errors.Is(err, breaker.ErrOpen) || !errors.Is(err, gate.ErrRejected) {
		s.Fatalf("Do = %v, want ErrOpen and ErrRejected", err)
	}
}

// acquire takes a permit.
func (s suite) acquire() gate.Permit {
	s.Helper()
	permit, err := s.Acquire(s.Context())
	if err != nil {
		s.Fatalf("Acquire = %v, want a permit", err)
	}
	return permit
}

// leave runs a call that ends by leave, and returns when it has ended.
func (s suite) leave(leave func()) {
	var call sync.WaitGroup
	call.Go(func() {
		defer func() { _ = recover() }()
		_ = s.Do(s.Context(), func(context.Context) error { leave(); return nil })
	})
	call.Wait()
}

// touchy opens at the first failure and closes with the first good probe.
var touchy = breaker.Config{Name: "users", Consecutive: 1, Probes: 1, Ramp: breaker.NoRamp}

func TestContract(t *testing.T) {
	configs := map[string]breaker.Config{
		"default":   {},
		"touchy":    touchy,
		"timed":     {SlowCall: time.Second, MinCalls: 2},
		"observing": {ObserveOnly: true},
	}
	for name, c := range configs {
		t.Run(name, func(t *testing.T) {
			gatetest.Run(t, gatetest.Unlimited, func() gate.Gate { return breaker.New(c) })
		})
	}
}

func TestContractWhileOpen(t *testing.T) {
	gatetest.Run(t, 0, func() gate.Gate {
		b := breaker.New(touchy)
		b.ForceOpen(0, "")
		return b
	})
}

func TestZeroConfig(t *testing.T) {
	in(t, breaker.Config{}, func(s suite) {
		s.do(10, succeed)
		s.do(9, fail)
		s.want(breaker.Closed)
		s.do(1, fail)
		s.want(breaker.Open)
		s.refuses()

		bubble.Advance(breaker.DefaultCooldown)
		s.want(breaker.HalfOpen)
		s.do(breaker.DefaultProbes, succeed)
		s.want(breaker.HalfOpen) // on the ramp
		bubble.Advance(breaker.DefaultRamp)
		s.want(breaker.Closed)
		s.do(100, succeed)
	})
}

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

func TestPanicCountsAsFailure(t *testing.T) {
	for name, leave := range map[string]func(){
		"panic":  func() { panic("on purpose") },
		"goexit": runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			in(t, touchy, func(s suite) {
				s.leave(leave)
				s.want(breaker.Open)
			})
		})
	}
}

func TestPanicReachesTheCaller(t *testing.T) {
	defer func() {
		if r := recover(); r != "on purpose" {
			t.Errorf("recovered %v, want the panic of the call", r)
		}
	}()
	_ = breaker.New(touchy).Do(t.Context(), func(context.Context) error { panic("on purpose") })
}

func TestCancellationDecidesNothing(t *testing.T) {
	cancelled := func(context.Context) error { return context.Canceled }
	in(t, touchy, func(s suite) {
		s.do(100, cancelled)
		s.want(breaker.Closed)
		s.do(1, fail)
		bubble.Advance(breaker.DefaultCooldown)
		s.do(100, cancelled)
		s.want(breaker.HalfOpen)
		s.do(1, succeed)
		s.want(breaker.Closed)
	})
}

func TestEndedContextRunsNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := breaker.New(touchy).Do(ctx, func(context.Context) error {
		t.Error("the call ran")
		return nil
	})
	if err != context.Canceled {
		t.Errorf("Do = %v, want context.Canceled", err)
	}
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

func TestCallsThatOutlastTheWindowCount(t *testing.T) {
	in(t, breaker.Config{MinCalls: 10, Window: time.Second}, func(s suite) {
		var permits []gate.Permit
		for range 10 {
			permits = append(permits, s.acquire())
		}
		bubble.Advance(time.Minute)
		for _, p := range permits {
			p.Done(errDown)
		}
		s.want(breaker.Open)
	})
}

func TestThresholds(t *testing.T) {
	in(t, breaker.Config{FailureRate: 0.57, MinCalls: 100}, func(s suite) {
		s.do(43, succeed)
		s.do(56, fail)
		s.want(breaker.Closed) // 99 calls are too few
		s.do(1, fail)
		s.want(breaker.Open) // 57 of 100
	})
	in(t, breaker.Config{FailureRate: 0.57, MinCalls: 100}, func(s suite) {
		s.do(44, succeed)
		s.do(56, fail)
		s.want(breaker.Closed)
	})
}

func TestFailuresExpireWithoutTraffic(t *testing.T) {
	in(t, breaker.Config{MinCalls: 10, Window: 10 * time.Second}, func(s suite) {
		s.do(9, fail)
		bubble.Advance(10 * time.Second)
		if got := s.Snapshot().Failures; got != 0 {
			t.Errorf("%d failures count after the window has passed, want 0", got)
		}
		s.do(9, fail)
		s.want(breaker.Closed)
		s.do(1, fail)
		s.want(breaker.Open)
	})
}

func TestSlowCallsOpenWhileTheyRun(t *testing.T) {
	in(t, breaker.Config{SlowCall: time.Second}, func(s suite) {
		for range 20 {
			s.acquire()
		}
		bubble.Advance(time.Second - 1)
		s.want(breaker.Closed)
		bubble.Advance(1)
		s.refuses()
		if got := s.Snapshot().Cause; got != "20 of 20 calls took 1s or longer, 20 still run" {
			t.Errorf("cause %q", got)
		}
	})
}

func TestSlowSuccessesOpen(t *testing.T) {
	in(t, breaker.Config{SlowCall: time.Second, MinCalls: 4, SlowRate: 0.5}, func(s suite) {
		s.do(2, succeed)
		for range 2 {
			s.want(breaker.Closed)
			s.do(1, func(context.Context) error { bubble.Advance(time.Second); return nil })
		}
		s.want(breaker.Open)
	})
}

func TestCallsThatWereQuickDoNotOpen(t *testing.T) {
	in(t, breaker.Config{SlowCall: time.Second, MinCalls: 1}, func(s suite) {
		for range 500 {
			s.do(1, func(context.Context) error { bubble.Advance(time.Second / 2); return nil })
		}
		if got := s.Snapshot(); got.State != breaker.Closed || got.Slow != 0 || got.Overdue != 0 {
			t.Errorf("after quick calls %+v, want closed and none slow", got)
		}
	})
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

func TestAfterIsNeverEarly(t *testing.T) {
	phases := map[string]func(suite){
		"open": func(suite) {},
		"ramp": func(s suite) {
			bubble.Advance(s.Snapshot().Remaining)
			s.do(1, succeed)
			s.do(1, succeed) // the first on the ramp is admitted
		},
		"forced": func(s suite) { s.ForceOpen(7*time.Second, "") },
	}
	for name, prepare := range phases {
		t.Run(name, func(t *testing.T) {
			c := touchy
			c.Ramp = 11 * time.Second
			in(t, c, func(s suite) {
				s.do(1, fail)
				prepare(s)
				whole := s.Snapshot().Remaining
				for left := whole; left > 0; left = s.Snapshot().Remaining {
					_, err := s.Acquire(t.Context())
					if rejected, ok := errors.AsType[*gate.RejectedError](err); ok {
						if rejected.After < left || rejected.After > left+whole/8 {
							t.Errorf("After is %v with %v left of %v", rejected.After, left, whole)
						}
					}
					bubble.Advance(min(left, whole/50+1))
				}
				s.acquire()
			})
		})
	}
}

func TestAfterWhereTheEndIsUnknown(t *testing.T) {
	in(t, touchy, func(s suite) {
		s.do(1, fail)
		bubble.Advance(breaker.DefaultCooldown)
		s.acquire()
		_, err := s.Acquire(t.Context())
		if rejected, ok := errors.AsType[*gate.RejectedError](err); !ok || rejected.After != time.Second {
			t.Errorf("refusal while a probe runs = %v, want After 1s", err)
		}
		s.ForceOpen(0, "")
		_, err = s.Acquire(t.Context())
		if rejected, ok := errors.AsType[*gate.RejectedError](err); !ok || rejected.After != 0 {
			t.Errorf("refusal while forced open = %v, want no After", err)
		}
	})
}

func TestObserveOnlyRefusesNothing(t *testing.T) {
	c := touchy
	c.ObserveOnly = true
	in(t, c, func(s suite) {
		s.do(1, fail)
		s.want(breaker.Open)
		s.do(100, succeed)
		s.want(breaker.Open)
		bubble.Advance(breaker.DefaultCooldown)
		probe := s.acquire()
		s.do(100, fail) // beside the probe: they decide nothing
		s.want(breaker.HalfOpen)
		probe.Done(nil)
		s.want(breaker.Closed)
	})
}

func TestSharedReadings(t *testing.T) {
	in(t, touchy, func(s suite) {
		now := time.Now()
		permit, err := s.AcquireAt(t.Context(), now)
		if err != nil {
			t.Fatal(err)
		}
		permit.DoneAt(now.Add(time.Second), errDown)
		s.want(breaker.Open)
		if _, err := s.AcquireAt(t.Context(), now.Add(time.Second+breaker.DefaultCooldown)); err != nil {
			t.Errorf("AcquireAt after the cooldown = %v, want a permit", err)
		}
	})
}
