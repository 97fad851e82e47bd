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
		{Name: "breaker: call", Callers: 1, Impls: closed, Goal: Goal{Ratio: 0.40}},
		{Name: "breaker: call", Callers: 2, Impls: closed, Goal: Goal{Ratio: 0.45}},
		{Name: "breaker: refuse while open", Callers: 1, Impls: open, Goal: Goal{Ratio: 0.40}},
		{Name: "breaker: refuse while open", Callers: 2, Impls: open, Goal: Goal{}},
	}
}

var errDown = errors.New("down")

// checked makes one call and looks at it closely, so that the others need only
// tell a refusal from a result.
func checked(refusal error, call func(i uint64) (uint64, error)) Call {
	_, err := call(1)
	want(errors.Is(err, refusal), "the breaker is in the wrong state")
	closed := refusal == nil
	return func(i uint64) {
		got, err := call(i)
		want((err == nil) == closed && (got == i || !closed), "the breaker is in the wrong state")
	}
}

func breakerOurs(b *breaker.Breaker, refusal error) Call {
	ctx := context.Background()
	return checked(refusal, func(i uint64) (got uint64, err error) {
		err = b.Do(ctx, func(context.Context) error {
			got = i
			return nil
		})
		return got, err
	})
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

func breakerSony(b *gobreaker.CircuitBreaker[uint64], refusal error) Call {
	return checked(refusal, func(i uint64) (uint64, error) {
		return b.Execute(func() (uint64, error) { return i, nil })
	})
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

func breakerFailsafe(b circuitbreaker.CircuitBreaker[uint64], refusal error) Call {
	executor := failsafe.With(b)
	return checked(refusal, func(i uint64) (uint64, error) {
		return executor.Get(func() (uint64, error) { return i, nil })
	})
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
