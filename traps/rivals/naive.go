package rivals

import (
	"context"
	"errors"
	"time"

	"github.com/backstay-go/backstay/traps/driver"
	"github.com/backstay-go/backstay/traps/naive"
)

// Naive is the code that people copy.
func Naive() *driver.Implementation {
	return &driver.Implementation{
		Name: "naive port", Breaker: newNaiveBreaker, Retry: newNaiveRetry, Limiter: newNaiveLimiter,
	}
}

type naiveBreaker struct {
	*naive.Breaker
}

func newNaiveBreaker(c driver.BreakerConfig) driver.Breaker {
	driver.Need(c.SlowCall > 0, "slow-call rate")
	driver.Need(c.MaxCooldown > 0, "cooldown that grows")
	driver.Need(c.OnChange != nil, "state changes")
	driver.Need(c.Ignore != nil, "ignored outcomes")
	driver.Need(c.FailureRate != .5, "failure rate")
	return naiveBreaker{&naive.Breaker{Failures: c.MinCalls, Cooldown: c.Cooldown}}
}

func (b naiveBreaker) Do(ctx context.Context, op driver.Op) error {
	err := b.Breaker.Do(ctx, op)
	if errors.Is(err, naive.ErrOpen) {
		return driver.Refused(err)
	}
	return err
}

func (b naiveBreaker) State() driver.State {
	for _, state := range []driver.State{driver.Closed, driver.HalfOpen} {
		if b.Breaker.State() == state.String() {
			return state
		}
	}
	return driver.Open
}

func newNaiveRetry(c driver.RetryConfig) driver.Caller {
	driver.Need(c.Budget, "retry budget")
	r := &naive.Retry{Attempts: c.Attempts, Base: c.Base, Max: c.Cap}
	if c.Jitter {
		r.Jitter = 0.1
	}
	return r
}

type naiveLimiter struct {
	*naive.Bucket
}

func newNaiveLimiter(c driver.LimiterConfig) driver.Limiter {
	driver.Need(c.And != nil, "second limit")
	driver.Need(c.Period != time.Second, "rate in other than seconds")
	return naiveLimiter{naive.NewBucket(int64(c.Count), int64(c.Burst))}
}

func (l naiveLimiter) Allow(n int) bool { return l.Bucket.Allow(int64(n)) }

func (l naiveLimiter) AllowAt(now time.Time, n int) bool {
	l.Now = func() time.Time { return now }
	return l.Allow(n)
}
