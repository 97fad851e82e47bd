package rivals

import (
	"context"
	"time"

	"golang.org/x/time/rate"

	"github.com/backstay-go/backstay/traps/driver"
)

// XTimeRate is golang.org/x/time/rate.
func XTimeRate() *driver.Implementation {
	return &driver.Implementation{Name: "x/time/rate", Version: "v0.16.0", Limiter: newXTimeLimiter}
}

type xtimeLimiter struct {
	limiter *rate.Limiter
}

func newXTimeLimiter(c driver.LimiterConfig) driver.Limiter {
	driver.Need(c.And != nil, "second limit")
	return xtimeLimiter{rate.NewLimiter(xtimeLimit(c), c.Burst)}
}

// xtimeLimit is Every for one event a period, as its documentation has it, and
// the number of events per second otherwise.
func xtimeLimit(c driver.LimiterConfig) rate.Limit {
	if c.Count == 1 {
		return rate.Every(c.Period)
	}
	return rate.Limit(float64(c.Count) / c.Period.Seconds())
}

func (l xtimeLimiter) Allow(n int) bool { return l.limiter.AllowN(time.Now(), n) }

func (l xtimeLimiter) AllowAt(now time.Time, n int) bool { return l.limiter.AllowN(now, n) }

// AllowErr uses ReserveN, whose Reservation is not OK if the burst is too small.
func (l xtimeLimiter) AllowErr(n int) (later bool, err error) {
	if l.limiter.AllowN(time.Now(), n) {
		return false, nil
	}
	r := l.limiter.ReserveN(time.Now(), n)
	defer r.Cancel()
	return r.OK(), driver.ErrRefused
}

func (l xtimeLimiter) Wait(ctx context.Context, n int) error { return l.limiter.WaitN(ctx, n) }

// RetryAfter asks by Reserve and gives back by Cancel, as the documentation of
// Reserve has it for callers that do not want to wait.
func (l xtimeLimiter) RetryAfter(n int) time.Duration {
	r := l.limiter.ReserveN(time.Now(), n)
	defer r.Cancel()
	return r.Delay()
}

func (l xtimeLimiter) Update(c driver.LimiterConfig) {
	l.limiter.SetLimit(xtimeLimit(c))
	l.limiter.SetBurst(c.Burst)
}
