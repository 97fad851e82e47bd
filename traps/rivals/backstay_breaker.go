package rivals

import (
	"context"
	"errors"
	"time"

	"github.com/backstay-go/backstay/breaker"
	"github.com/backstay-go/backstay/event"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/traps/driver"
)

type backstayBreaker struct {
	*breaker.Breaker
}

func newBackstayBreaker(c driver.BreakerConfig) driver.Breaker {
	return backstayBreaker{breaker.New(breakerConfig(c))}
}

func breakerConfig(c driver.BreakerConfig) breaker.Config {
	config := breaker.Config{
		FailureRate: c.FailureRate, MinCalls: c.MinCalls, Window: c.Window,
		Cooldown: c.Cooldown, MaxCooldown: c.MaxCooldown, Probes: c.Probes, ProbeTimeout: c.ProbeTimeout,
		SlowCall: c.SlowCall, SlowRate: c.SlowRate,
	}
	if c.Ignore != nil {
		config.Classify = func(err error) gate.Outcome {
			if err != nil && c.Ignore(err) {
				return gate.Ignored
			}
			return gate.Classify(err)
		}
	}
	if c.OnChange != nil {
		config.Observer = event.Func(func(_ context.Context, e event.Event) {
			if e.Kind == event.StateChanged {
				c.OnChange(driver.State(e.From), driver.State(e.To))
			}
		})
	}
	return config
}

func (b backstayBreaker) Do(ctx context.Context, op driver.Op) error {
	return backstayRefusal(b.Breaker.Do(ctx, op))
}

// backstayRefusal marks the refusals of our gates.
func backstayRefusal(err error) error {
	if errors.Is(err, gate.ErrRejected) {
		return driver.Refused(err)
	}
	return err
}

func (b backstayBreaker) State() driver.State { return driver.State(b.Breaker.State()) }

func (b backstayBreaker) ForceOpen(d time.Duration) { b.Breaker.ForceOpen(d, "by hand") }

func (b backstayBreaker) Update(c driver.BreakerConfig) error {
	return b.Breaker.Update(breakerConfig(c))
}
