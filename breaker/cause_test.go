package breaker_test

import (
	"context"
	"testing"
	"time"

	"github.com/backstay-go/backstay/breaker"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/bubble"
)

func TestCauses(t *testing.T) {
	slowly := func(op func(context.Context) error) func(context.Context) error {
		return func(ctx context.Context) error { bubble.Advance(2 * time.Second); return op(ctx) }
	}
	probe := func(op func(context.Context) error) func(suite) {
		return func(s suite) {
			s.ForceOpen(1, "")
			bubble.Advance(1)
			s.do(1, op)
		}
	}
	tests := []struct {
		config breaker.Config
		cause  func(suite)
		want   string
	}{
		{breaker.Config{MinCalls: 4}, func(s suite) { s.do(1, succeed); s.do(3, fail) },
			"3 of 4 calls failed, last: connection refused"},
		{breaker.Config{Consecutive: 2}, func(s suite) { s.do(2, fail) },
			"failures in a row: 2, last: connection refused"},
		{breaker.Config{SlowCall: time.Second, MinCalls: 1}, func(s suite) { s.do(1, slowly(succeed)) },
			"1 of 1 calls took 1s or longer"},
		{breaker.Config{}, probe(fail), "a probe failed, last: connection refused"},
		{breaker.Config{SlowCall: time.Second}, probe(slowly(succeed)), "a probe took 1s or longer"},
		{breaker.Config{}, func(s suite) { s.ForceOpen(0, "maintenance") }, "forced open: maintenance"},
		{breaker.Config{}, func(s suite) { s.ForceOpen(0, "") }, "forced open"},
		{breaker.Config{}, func(s suite) { s.ForceOpen(0, ""); s.ForceClosed(0, "deploy") }, "forced closed: deploy"},
		{breaker.Config{}, func(s suite) { s.ForceClosed(0, "deploy") }, "forced closed: deploy"},
	}
	for _, test := range tests {
		t.Run(test.want, func(t *testing.T) {
			in(t, test.config, func(s suite) {
				test.cause(s)
				if got := s.Snapshot().Cause; got != test.want {
					t.Errorf("cause %q, want %q", got, test.want)
				}
			})
		})
	}
}

func TestCauseLastsUntilClosed(t *testing.T) {
	in(t, touchy, func(s suite) {
		s.do(1, fail)
		bubble.Advance(breaker.DefaultCooldown)
		s.want(breaker.HalfOpen)
		if got := s.Snapshot().Cause; got == "" {
			t.Error("a half-open breaker has forgotten why it opened")
		}
		s.do(1, succeed)
		if got := s.Snapshot().Cause; got != "" {
			t.Errorf("a closed breaker has the cause %q, want none", got)
		}
	})
}

func TestFailureWithoutError(t *testing.T) {
	c := breaker.Config{Consecutive: 1, Classify: func(error) gate.Outcome { return gate.Failure }}
	in(t, c, func(s suite) {
		s.do(1, succeed)
		if got := s.Snapshot().Cause; got != "failures in a row: 1" {
			t.Errorf("cause %q, want none of an error", got)
		}
	})
}

func TestReset(t *testing.T) {
	var l log
	in(t, observed(touchy, &l), func(s suite) {
		s.ForceOpen(0, "")
		s.Reset("done")
		changes := l.changes(t)
		if got := changes[len(changes)-1].Err.Error(); got != "reset: done" {
			t.Errorf("cause %q, want reset: done", got)
		}
	})
}
