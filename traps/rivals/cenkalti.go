package rivals

import (
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/backstay-go/backstay/traps/driver"
)

// Cenkalti is github.com/cenkalti/backoff.
func Cenkalti() *driver.Implementation {
	return &driver.Implementation{Name: "cenkalti/backoff", Version: "v5.0.3", Retry: newCenkaltiRetry}
}

type cenkaltiRetry struct {
	config driver.RetryConfig
	shared *backoff.ExponentialBackOff
}

func newCenkaltiRetry(c driver.RetryConfig) driver.Caller {
	driver.Need(c.Budget, "retry budget")
	r := &cenkaltiRetry{config: c}
	if c.Shared {
		// ExponentialBackOff: "Note: Implementation is not thread-safe."
		r.shared = r.backOff()
	}
	return r
}

// backOff returns a BackOff as the documentation of ExponentialBackOff shows; a
// RandomizationFactor of 0 means no jitter.
func (r *cenkaltiRetry) backOff() *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval, b.Multiplier = r.config.Base, r.config.Cap, 2
	if !r.config.Jitter {
		b.RandomizationFactor = 0
	}
	return b
}

func (r *cenkaltiRetry) Do(ctx context.Context, op driver.Op) error {
	b := r.shared
	if b == nil {
		b = r.backOff()
	}
	// WithMaxElapsedTime(0) takes off the default bound of 15 minutes.
	_, err := backoff.Retry(ctx, func() (struct{}, error) { return struct{}{}, op(ctx) },
		backoff.WithBackOff(b), backoff.WithMaxTries(uint(r.config.Attempts)), backoff.WithMaxElapsedTime(0))
	return err
}

// After uses backoff.RetryAfter, which the package's example returns on a 429.
func (r *cenkaltiRetry) After(err error, d time.Duration) error {
	return errors.Join(err, backoff.RetryAfter(int(d/time.Second)))
}
