package rivals

import (
	"context"

	"github.com/failsafe-go/failsafe-go/ratelimiter"

	"github.com/backstay-go/backstay/traps/driver"
)

type failsafeLimiter struct {
	limiter ratelimiter.RateLimiter[any]
}

// newFailsafeLimiter uses the smooth limiter where no burst is wanted and the
// bursty one where the burst is what a period allows: it has no other.
func newFailsafeLimiter(c driver.LimiterConfig) driver.Limiter {
	driver.Need(c.And != nil, "second limit")
	if c.Burst == 1 {
		return failsafeLimiter{ratelimiter.NewSmooth[any](uint(c.Count), c.Period)}
	}
	driver.Need(c.Burst != c.Count, "burst apart from the rate")
	return failsafeLimiter{ratelimiter.NewBursty[any](uint(c.Count), c.Period)}
}

func (l failsafeLimiter) Allow(n int) bool { return l.limiter.TryAcquirePermits(uint(n)) }

// AllowErr: a negative number cannot be written, the argument is a uint.
func (l failsafeLimiter) AllowErr(n int) (later bool, err error) {
	if n < 0 {
		return false, driver.ErrRefused
	}
	if l.limiter.TryAcquirePermits(uint(n)) {
		return false, nil
	}
	return true, driver.ErrRefused
}

func (l failsafeLimiter) Wait(ctx context.Context, n int) error {
	return l.limiter.AcquirePermits(ctx, uint(n))
}
