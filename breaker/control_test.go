package breaker_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/backstay-go/backstay/breaker"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/bubble"
)

func TestForceOpenRunsNothing(t *testing.T) {
	in(t, breaker.Config{}, func(s suite) {
		s.ForceOpen(0, "maintenance")
		for range 5 {
			s.refuses()
			bubble.Advance(1000 * time.Hour)
		}
		s.Reset("")
		s.do(1, succeed)
		s.want(breaker.Closed)
	})
}

func TestForceOpenEndsByItself(t *testing.T) {
	in(t, touchy, func(s suite) {
		s.ForceOpen(time.Minute, "maintenance")
		bubble.Advance(time.Minute - 1)
		s.refuses()
		bubble.Advance(1)
		s.want(breaker.HalfOpen)
		s.do(1, succeed)
		s.want(breaker.Closed)
	})
}

func TestForceClosedAdmitsWhateverHappens(t *testing.T) {
	in(t, touchy, func(s suite) {
		s.do(1, fail)
		s.ForceClosed(time.Minute, "deploy")
		s.do(100, fail)
		bubble.Advance(time.Minute - 1)
		s.do(100, fail)
		s.want(breaker.Closed)
		if got := s.Snapshot(); !got.Forced || got.Remaining != 1 {
			t.Errorf("forced %v for %v, want true for 1ns", got.Forced, got.Remaining)
		}
		bubble.Advance(1)
		s.do(1, fail)
		s.want(breaker.Open)
	})
}

func TestForceForAnAge(t *testing.T) {
	in(t, touchy, func(s suite) {
		s.ForceOpen(1<<63-1, "")
		bubble.Advance(time.Hour)
		s.refuses()
		s.ForceClosed(1<<63-1, "")
		s.do(10, fail)
		s.want(breaker.Closed)
	})
}

func TestUpdateKeepsTheWindow(t *testing.T) {
	c := breaker.Config{FailureRate: 0.9, MinCalls: 10, Window: 10 * time.Second}
	in(t, c, func(s suite) {
		s.do(5, succeed)
		s.do(5, fail)
		c.FailureRate, c.Window = 0.5, 20*time.Second
		s.update(c)
		if got := s.Snapshot(); got.Calls != 10 || got.Failures != 5 {
			t.Errorf("after Update %d of %d calls failed, want 5 of 10", got.Failures, got.Calls)
		}
		s.do(1, fail)
		s.want(breaker.Open)
	})
}

func TestUpdateWhileOpenStillRecovers(t *testing.T) {
	c := touchy
	c.Cooldown, c.MaxCooldown = time.Hour, time.Hour
	in(t, c, func(s suite) {
		s.do(1, fail)
		c.Cooldown, c.MaxCooldown, c.Name = time.Second, 2*time.Second, "people"
		s.update(c)
		_, err := s.Acquire(t.Context())
		if rejected, ok := errors.AsType[*gate.RejectedError](err); !ok || rejected.Name != "people" || rejected.After > 3*time.Second {
			t.Errorf("refusal after Update = %v, want the new name and cooldown", err)
		}
		bubble.Advance(2 * time.Second)
		s.do(1, succeed)
		s.want(breaker.Closed)
	})
}

func TestUpdateLeavesForcedOpenAlone(t *testing.T) {
	in(t, touchy, func(s suite) {
		s.ForceOpen(time.Hour, "")
		s.update(touchy)
		bubble.Advance(time.Hour - 1)
		s.refuses()
	})
}

func TestUpdateOfSlowCall(t *testing.T) {
	c := breaker.Config{MinCalls: 2}
	in(t, c, func(s suite) {
		s.do(1, fail)
		before := s.acquire()
		c.SlowCall = time.Second
		s.update(c)
		before.Done(errDown) // when it began is not known
		s.want(breaker.Closed)
		if got := s.Snapshot().Calls; got != 1 {
			t.Errorf("%d calls count, want the 1 that ended before", got)
		}
		s.acquire()
		s.acquire()
		bubble.Advance(time.Second)
		s.want(breaker.Open)
		s.Reset("")

		s.acquire()
		c.SlowCall = 0
		s.update(c)
		bubble.Advance(time.Hour)
		s.do(1, succeed)
		s.want(breaker.Closed)
	})
}

func TestUpdateRejectsWhatNewRejects(t *testing.T) {
	in(t, touchy, func(s suite) {
		err := s.Breaker.Update(breaker.Config{Probes: -1})
		if err == nil || err.Error() != (breaker.Config{Probes: -1}).Validate().Error() {
			t.Errorf("Update = %v, want what Validate returns", err)
		}
		s.do(1, fail)
		s.want(breaker.Open) // by the rules it had
	})
}

func (s suite) update(c breaker.Config) {
	s.Helper()
	if err := s.Breaker.Update(c); err != nil {
		s.Fatal(err)
	}
}

func TestUpdateUnderLoad(t *testing.T) {
	b := breaker.New(breaker.Config{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 2000 {
			c := breaker.Config{SlowCall: time.Duration(i%3) * time.Hour, Window: time.Duration(i%5) * time.Second}
			if err := b.Update(c); err != nil {
				t.Error(err)
			}
		}
	}()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
			if err := b.Do(t.Context(), func(context.Context) error { return nil }); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := b.Snapshot(); got.Overdue != 0 || got.Failures != 0 || got.State != breaker.Closed {
		t.Errorf("after updates under load %+v, want closed and nothing failed or overdue", got)
	}
}
