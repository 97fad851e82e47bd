package benchmarks

import (
	"context"
	"errors"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	aegis "github.com/go-kratos/aegis/circuitbreaker"
	"github.com/go-kratos/aegis/circuitbreaker/sre"
	"github.com/sony/gobreaker/v2"

	"github.com/backstay-go/backstay/breaker"
)

// breakers compare breakers with the same rule: half of at least 20 calls
// within ten seconds.
func breakers() []Row {
	closed := []Impl{
		{Name: ours, New: func() Call { return breakerOurs(breaker.New(breaker.Config{}), nil) }},
		{Name: "gobreaker", New: func() Call { return breakerSony(newSony(), nil) }},
		{Name: "failsafe-go", New: func() Call { return breakerFailsafe(newFailsafe(), nil) }},
		{Name: "aegis", New: breakerAegis},
	}
	open := []Impl{
		{Name: ours, New: breakerOursOpen},
		{Name: "gobreaker", New: breakerSonyOpen},
		{Name: "failsafe-go", New: breakerFailsafeOpen},
	}
	return []Row{
		{Name: "breaker: call", Cores: 1, Impls: closed, Goal: Goal{Ratio: 0.40}},
		{Name: "breaker: call", Cores: 2, Impls: closed, Goal: Goal{Ratio: 0.45}},
		{Name: "breaker: refuse while open", Cores: 1, Impls: open, Goal: Goal{Ratio: 0.40}},
		{Name: "breaker: refuse while open", Cores: 2, Impls: open, Goal: Goal{}},
	}
}

var errDown = errors.New("down")

// ending returns whether a call ended as it should: with outcome, or any error
// that matches it.
func ending(err, outcome error) bool { return err == outcome || errors.Is(err, outcome) }

func breakerOurs(b *breaker.Breaker, outcome error) Call {
	ctx := context.Background()
	return func(i uint64) {
		var got uint64
		err := b.Do(ctx, func(context.Context) error {
			got = i
			return nil
		})
		want(ending(err, outcome), "the breaker is in the wrong state")
		want(outcome != nil || got == i, "the result was lost")
	}
}

func breakerOursOpen() Call {
	b := breaker.New(breaker.Config{Consecutive: 1, Cooldown: time.Hour})
	_ = b.Do(context.Background(), func(context.Context) error { return errDown })
	return breakerOurs(b, breaker.ErrOpen)
}

func newSony() *gobreaker.CircuitBreaker[uint64] {
	return gobreaker.NewCircuitBreaker[uint64](gobreaker.Settings{
		Interval:     10 * time.Second,
		BucketPeriod: time.Second,
		Timeout:      time.Hour,
		ReadyToTrip: func(c gobreaker.Counts) bool {
			return c.Requests >= 20 && 2*c.TotalFailures >= c.Requests
		},
	})
}

func breakerSony(b *gobreaker.CircuitBreaker[uint64], outcome error) Call {
	return func(i uint64) {
		got, err := b.Execute(func() (uint64, error) { return i, nil })
		want(ending(err, outcome), "the breaker is in the wrong state")
		want(outcome != nil || got == i, "the result was lost")
	}
}

func breakerSonyOpen() Call {
	b := newSony()
	for range 20 {
		_, _ = b.Execute(func() (uint64, error) { return 0, errDown })
	}
	return breakerSony(b, gobreaker.ErrOpenState)
}

func newFailsafe() circuitbreaker.CircuitBreaker[uint64] {
	return circuitbreaker.NewBuilder[uint64]().
		WithFailureRateThreshold(0.5, 20, 10*time.Second).
		WithDelay(time.Hour).
		Build()
}

func breakerFailsafe(b circuitbreaker.CircuitBreaker[uint64], outcome error) Call {
	executor := failsafe.With(b)
	return func(i uint64) {
		got, err := executor.Get(func() (uint64, error) { return i, nil })
		want(ending(err, outcome), "the breaker is in the wrong state")
		want(outcome != nil || got == i, "the result was lost")
	}
}

func breakerFailsafeOpen() Call {
	b := newFailsafe()
	b.Open()
	return breakerFailsafe(b, circuitbreaker.ErrOpen)
}

// breakerAegis calls a breaker that refuses by probability and is never open.
func breakerAegis() Call {
	var b aegis.CircuitBreaker = sre.NewBreaker(sre.WithWindow(10*time.Second), sre.WithRequest(20))
	return func(uint64) {
		must(b.Allow())
		b.MarkSuccess()
	}
}
