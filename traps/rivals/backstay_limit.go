package rivals

import (
	"context"
	"errors"
	"time"

	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/ratelimit"
	"github.com/backstay-go/backstay/traps/driver"
)

type backstayLimiter struct {
	*ratelimit.Limiter
}

func newBackstayLimiter(c driver.LimiterConfig) driver.Limiter {
	return backstayLimiter{ratelimit.New(limiterConfig(c))}
}

func limiterConfig(c driver.LimiterConfig) ratelimit.Config {
	config := ratelimit.Config{Rate: ratelimit.Per(int64(c.Count), c.Period), Burst: c.Burst}
	if c.And != nil {
		config.And = []ratelimit.Quota{{Rate: ratelimit.Per(int64(c.And.Count), c.And.Period), Burst: c.And.Burst}}
	}
	return config
}

func (l backstayLimiter) Allow(n int) bool {
	if n == 1 {
		return l.Limiter.Allow()
	}
	return l.AllowN(n) == nil
}

func (l backstayLimiter) AllowErr(n int) (later bool, err error) {
	err = l.AllowN(n)
	refusal, ok := errors.AsType[*gate.RejectedError](err)
	return ok && refusal.After > 0, err
}

func (l backstayLimiter) AllowAt(now time.Time, n int) bool {
	for range n {
		if _, err := l.AcquireAt(context.Background(), now); err != nil {
			return false
		}
	}
	return true
}

func (l backstayLimiter) RetryAfter(n int) time.Duration {
	refusal, _ := errors.AsType[*gate.RejectedError](l.AllowN(n))
	return refusal.After
}

func (l backstayLimiter) Update(c driver.LimiterConfig) {
	if err := l.Limiter.Update(limiterConfig(c)); err != nil {
		panic(err)
	}
}

type backstayKeyed struct {
	*ratelimit.Keyed[string]
}

func newBackstayKeyed(c driver.KeyedConfig) driver.Keyed {
	config := limiterConfig(c.LimiterConfig)
	config.MaxKeys = c.MaxKeys
	return backstayKeyed{ratelimit.NewKeyed[string](config)}
}

func (k backstayKeyed) AllowKey(key string) bool { return k.Allow(key) }
