package rivals

import (
	"context"

	"github.com/go-kratos/aegis/circuitbreaker"
	"github.com/go-kratos/aegis/circuitbreaker/sre"

	"github.com/backstay-go/backstay/traps/driver"
)

// Aegis is github.com/go-kratos/aegis. Its breaker is Google's client-side
// throttle: it refuses in proportion and has no half-open state.
func Aegis() *driver.Implementation {
	return &driver.Implementation{Name: "go-kratos/aegis", Version: "v0.2.0", Breaker: newAegisBreaker}
}

type aegisBreaker struct {
	config  driver.BreakerConfig
	breaker circuitbreaker.CircuitBreaker
}

// newAegisBreaker sets the share of successes below which it refuses, the
// minimum number of requests and the window.
func newAegisBreaker(c driver.BreakerConfig) driver.Breaker {
	driver.Need(c.SlowCall > 0, "slow-call rate")
	driver.Need(c.Probes > 0, "half-open state")
	driver.Need(c.OnChange != nil, "state changes")
	return aegisBreaker{c, sre.NewBreaker(
		sre.WithSuccess(1-c.FailureRate), sre.WithRequest(int64(c.MinCalls)), sre.WithWindow(c.Window), sre.WithBucket(10),
	)}
}

// Do marks the outcome as circuitbreaker/example_test.go does. A panic passes by
// the marks: that is left to the caller.
func (b aegisBreaker) Do(ctx context.Context, op driver.Op) error {
	if err := b.breaker.Allow(); err != nil {
		b.breaker.MarkFailed()
		return driver.Refused(err)
	}
	err := op(ctx)
	switch {
	case err == nil:
		b.breaker.MarkSuccess()
	case !ignored(b.config, err):
		b.breaker.MarkFailed()
	}
	return err
}

// State is not told by the interface; the scenarios that need it are excluded.
func (b aegisBreaker) State() driver.State {
	driver.Missing("states")
	return driver.Closed
}
