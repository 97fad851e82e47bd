package rivals

import (
	"context"
	"errors"
	"time"

	"github.com/avast/retry-go/v5"

	"github.com/backstay-go/backstay/traps/driver"
)

// Avast is github.com/avast/retry-go.
func Avast() *driver.Implementation {
	return &driver.Implementation{Name: "avast/retry-go", Version: "v5.1.1", Retry: newAvastRetry}
}

type avastRetry struct {
	options []retry.Option
	shared  *retry.Retrier
}

func newAvastRetry(c driver.RetryConfig) driver.Caller {
	r := &avastRetry{options: []retry.Option{
		retry.Attempts(uint(c.Attempts)), retry.Delay(c.Base), retry.MaxDelay(c.Cap), retry.DelayType(avastDelay(c.Jitter)),
	}}
	if c.Budget {
		// "WithThrottle": one manager limits the retries of all calls.
		r.options = append(r.options, retry.WithThrottle(retry.NewFixedTokenBucketThrottle(retry.FixedTokenBucketThrottleConfig{})))
	}
	if c.Shared {
		// The package documentation: "Reusable retrier for high-frequency retry
		// operations: create retrier once, reuse many times".
		r.shared = retry.New(r.options...)
	}
	return r
}

// avastDelay is the default DelayType, CombineDelay(BackOffDelay, RandomDelay),
// or BackOffDelay alone where no jitter is wanted; before it stands what
// examples/delay_based_on_error_test.go shows for a server's Retry-After.
func avastDelay(jitter bool) retry.DelayTypeFunc {
	otherwise := retry.BackOffDelay
	if jitter {
		otherwise = retry.CombineDelay(retry.BackOffDelay, retry.RandomDelay)
	}
	return func(n uint, err error, config retry.DelayContext) time.Duration {
		if after, ok := errors.AsType[*afterError](err); ok {
			return after.after
		}
		return otherwise(n, err, config)
	}
}

func (r *avastRetry) Do(ctx context.Context, op driver.Op) error {
	retrier := r.shared
	if retrier == nil {
		// The context is an option of the retrier, so each call needs its own.
		options := append([]retry.Option{retry.Context(ctx)}, r.options...)
		retrier = retry.New(options...)
	}
	return retrier.Do(func() error { return op(ctx) })
}

func (r *avastRetry) After(err error, d time.Duration) error { return &afterError{err, d} }

// afterError carries a Retry-After where the library leaves that to a type of
// the caller's own.
type afterError struct {
	error
	after time.Duration
}

func (e *afterError) Unwrap() error { return e.error }
