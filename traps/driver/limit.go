package driver

import (
	"context"
	"time"
)

// LimiterConfig is what a scenario asks of a rate limiter: Count per Period,
// and Burst at once.
type LimiterConfig struct {
	Count  int
	Period time.Duration
	Burst  int
	// And is a second limit that every call must fit as well.
	And *LimiterConfig
}

// Limiter is a rate limiter.
type Limiter interface {
	// Allow takes n permits, or none and returns false.
	Allow(n int) bool
}

// LimiterErrors is a limiter that can say why it refused.
type LimiterErrors interface {
	// AllowErr is Allow with the reason for a refusal. The bool reports whether
	// waiting can help.
	AllowErr(n int) (later bool, err error)
}

// LimiterAt is a limiter that accepts readings of the clock from its caller.
type LimiterAt interface {
	AllowAt(now time.Time, n int) bool
}

// Waiter is a limiter that can wait for permits.
type Waiter interface {
	Wait(ctx context.Context, n int) error
}

// Hinter is a limiter that tells refused callers how long to wait for n permits.
type Hinter interface{ RetryAfter(n int) time.Duration }

// LimiterUpdater is a limiter whose rate can be changed in use.
type LimiterUpdater interface{ Update(LimiterConfig) }

// KeyedConfig is what a scenario asks of a limiter with a bucket for each key.
type KeyedConfig struct {
	LimiterConfig
	MaxKeys int
}

// Keyed is a rate limiter with a bucket for each key.
type Keyed interface{ AllowKey(key string) bool }

// BulkheadConfig is what a scenario asks of a bulkhead.
type BulkheadConfig struct {
	Limit   int
	Queue   int
	MaxWait time.Duration
}

// Bulkhead limits how many operations run at once. Do returns an error that
// matches [ErrRefused] if op was not run.
type Bulkhead interface{ Caller }

// Weighted is a bulkhead that has operations which count more than once.
type Weighted interface {
	DoN(ctx context.Context, n int, op Op) error
}

// Resizer is a bulkhead whose limit can be changed in use.
type Resizer interface{ Resize(limit int) }
