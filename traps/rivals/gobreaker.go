package rivals

import (
	"context"
	"errors"

	"github.com/sony/gobreaker/v2"

	"github.com/backstay-go/backstay/traps/driver"
)

// Gobreaker is github.com/sony/gobreaker.
func Gobreaker() *driver.Implementation {
	return &driver.Implementation{Name: "sony/gobreaker", Version: "v2.4.0", Breaker: newGobreaker}
}

type gobreakerBreaker struct {
	breaker *gobreaker.CircuitBreaker[struct{}]
}

// newGobreaker uses the rolling window (Settings.BucketPeriod), the ReadyToTrip
// of the README's example, and IsExcluded, which "can be used, for example, to
// ignore context cancellations".
func newGobreaker(c driver.BreakerConfig) driver.Breaker {
	driver.Need(c.SlowCall > 0, "slow-call rate")
	driver.Need(c.MaxCooldown > 0, "cooldown that grows")
	settings := gobreaker.Settings{
		MaxRequests:  uint32(c.Probes),
		Interval:     c.Window,
		BucketPeriod: c.Window / 10,
		Timeout:      c.Cooldown,
		ReadyToTrip: func(counts gobreaker.Counts) bool {
			calls := counts.TotalSuccesses + counts.TotalFailures // Requests holds the excluded too
			ratio := float64(counts.TotalFailures) / float64(calls)
			return calls >= uint32(c.MinCalls) && ratio >= c.FailureRate
		},
		IsExcluded: func(err error) bool { return ignored(c, err) },
	}
	if c.OnChange != nil {
		settings.OnStateChange = func(_ string, from, to gobreaker.State) {
			c.OnChange(gobreakerState(from), gobreakerState(to))
		}
	}
	return gobreakerBreaker{gobreaker.NewCircuitBreaker[struct{}](settings)}
}

// ignored reports whether err is to say nothing about the dependency.
func ignored(c driver.BreakerConfig, err error) bool {
	return errors.Is(err, context.Canceled) || c.Ignore != nil && err != nil && c.Ignore(err)
}

func (b gobreakerBreaker) Do(ctx context.Context, op driver.Op) error {
	_, err := b.breaker.Execute(func() (struct{}, error) { return struct{}{}, op(ctx) })
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return driver.Refused(err)
	}
	return err
}

func (b gobreakerBreaker) State() driver.State { return gobreakerState(b.breaker.State()) }

func gobreakerState(s gobreaker.State) driver.State {
	switch s {
	case gobreaker.StateClosed:
		return driver.Closed
	case gobreaker.StateHalfOpen:
		return driver.HalfOpen
	default:
		return driver.Open
	}
}
