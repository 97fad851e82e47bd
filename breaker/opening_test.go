package breaker_test

import (
	"context"
	"testing"
	"time"

	"github.com/backstay-go/backstay/breaker"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/bubble"
)

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
