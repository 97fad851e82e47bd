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

// A call whose outcome nobody can tell must not count as one that still runs.
func TestPanicInClassifyEndsTheCall(t *testing.T) {
	rude := breaker.Config{SlowCall: time.Second, Classify: func(error) gate.Outcome { panic("on purpose") }}
	in(t, rude, func(s suite) {
		for range 2 * breaker.DefaultMinCalls {
			s.leave(func() {})
		}
		bubble.Advance(2 * time.Second)
		if got := s.Snapshot().Overdue; got != 0 {
			t.Errorf("%d calls still run that have ended", got)
		}
		s.want(breaker.Closed)
	})
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

// A caller may have read the clock before the breaker was made.
func TestReadingFromBeforeTheBreaker(t *testing.T) {
	in(t, breaker.Config{SlowCall: time.Second}, func(s suite) {
		s.ForceClosed(0, "")
		permit, err := s.AcquireAt(t.Context(), time.Now().Add(-time.Minute))
		if err != nil {
			t.Errorf("AcquireAt of a breaker forced closed = %v, want a permit", err)
		}
		permit.Done(nil)
	})
}
