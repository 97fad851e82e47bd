package breaker_test

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/backstay-go/backstay/breaker"
	"github.com/backstay-go/backstay/gate"
)

// TestNoOutcomeIsLost counts the calls of many goroutines, on every stripe.
func TestNoOutcomeIsLost(t *testing.T) {
	const goroutines, each = 16, 5000
	for name, c := range map[string]breaker.Config{
		"untimed": {MinCalls: 1e9, Window: time.Hour},
		"timed":   {MinCalls: 1e9, Window: time.Hour, SlowCall: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			b := breaker.New(c)
			var calls sync.WaitGroup
			for range goroutines {
				calls.Go(func() {
					for i := range each {
						op := succeed
						if i%2 == 0 {
							op = fail
						}
						_ = b.Do(t.Context(), op)
					}
				})
			}
			calls.Wait()
			s := b.Snapshot()
			if s.Calls != goroutines*each || s.Failures != goroutines*each/2 || s.Overdue != 0 {
				t.Errorf("%d calls, %d failed, %d overdue; want %d, %d, 0",
					s.Calls, s.Failures, s.Overdue, goroutines*each, goroutines*each/2)
			}
		})
	}
}

// TestLateOutcomesNeverCount ends calls while the breaker changes its state. All
// of them began before, so nothing must be counted after.
func TestLateOutcomesNeverCount(t *testing.T) {
	const rounds, goroutines = 300, 8
	b := breaker.New(breaker.Config{Consecutive: 1e9, SlowCall: time.Hour, MinCalls: 1e9})
	for round := range rounds {
		var permits [goroutines]gate.Permit
		for i := range permits {
			var err error
			if permits[i], err = b.Acquire(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		var calls sync.WaitGroup
		for _, p := range permits {
			calls.Go(func() {
				runtime.Gosched()
				p.Done(errDown)
			})
		}
		if round%2 == 0 {
			b.ForceOpen(0, "")
		}
		b.Reset("")
		calls.Wait()
		if s := b.Snapshot(); s.Calls != 0 || s.Consecutive != 0 || s.Overdue != 0 {
			t.Fatalf("round %d: %+v, want nothing counted", round, s)
		}
	}
}

// TestOpensOnceForManyFailures lets many failures arrive at once: together they
// open the breaker, whichever of them is the last.
func TestOpensOnceForManyFailures(t *testing.T) {
	const rounds, goroutines = 200, 16
	for name, c := range map[string]breaker.Config{
		"rate":        {FailureRate: 1, MinCalls: goroutines},
		"consecutive": {Consecutive: goroutines},
		"both":        {FailureRate: 1, MinCalls: goroutines, Consecutive: goroutines},
	} {
		t.Run(name, func(t *testing.T) {
			for range rounds {
				var l log
				b := breaker.New(observed(c, &l))
				var calls sync.WaitGroup
				for range goroutines {
					calls.Go(func() { _ = b.Do(t.Context(), fail) })
				}
				calls.Wait()
				if got := len(l.changes(t)); got != 1 || b.State() != breaker.Open {
					t.Fatalf("%d failures of %d: %d changes, state %v; want 1, open", goroutines, goroutines, got, b.State())
				}
			}
		})
	}
}
