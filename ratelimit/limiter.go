package ratelimit

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/clock"
	"github.com/backstay-go/backstay/internal/core/gcra"
)

// A Limiter admits calls at a rate. It is a gate.Gate and safe for concurrent
// use. It must not be copied.
type Limiter struct {
	clock    clock.Clock
	meter    *gcra.Meter
	settings atomic.Pointer[settings]
	mu       sync.Mutex // one Update at a time
}

// New returns a limiter whose burst is full. It panics if c is not valid.
func New(c Config) *Limiter {
	if err := c.Validate(); err != nil {
		panic(err.Error())
	}
	l := &Limiter{clock: clock.New(), meter: gcra.NewMeter(c.specs()...)}
	l.settings.Store(newSettings(c, l.clock))
	return l
}

// Allow takes one token and reports whether there was one. It never waits and
// never allocates.
func (l *Limiter) Allow() bool {
	now := l.clock.Now()
	ready := l.meter.Take(now, 1)
	return ready <= now || l.settings.Load().overlook(ready-now)
}

// AllowN takes n tokens, all or none, and never waits. A refusal is a
// *gate.RejectedError. Its reason is [ErrLimited], or [ErrExceedsBurst] if a full
// bucket does not hold n tokens; a negative n is refused as well. AllowN(0) takes
// nothing, and tells whether there is a token to take.
func (l *Limiter) AllowN(n int) error {
	s := l.settings.Load()
	if n < 0 {
		return s.negative
	}
	now := l.clock.Now()
	if ready := l.meter.Take(now, int64(n)); ready > now {
		return s.refuse(context.Background(), ready-now)
	}
	return nil
}

// TakeUpTo takes as many tokens as there are, n at the most, and returns how
// many. It takes none if n is below zero.
func (l *Limiter) TakeUpTo(n int) int {
	if n <= 0 {
		return 0
	}
	now := l.clock.Now()
	taken := int(l.meter.TakeUpTo(now, int64(n)))
	if taken < n && l.settings.Load().overlook(l.meter.Take(now, 0)-now) {
		return n
	}
	return taken
}

// Refund gives n tokens back that turned out not to be needed, up to a full
// bucket. While calls wait for their turn it gives back what fits the burst
// beside the tokens that gather for them; if there are several limits, nothing.
// It does nothing if n is below zero.
//
// Give tokens back soon: a limiter does not know when they were taken, and those
// that have been refilled since are there twice.
func (l *Limiter) Refund(n int) {
	if n > 0 {
		l.meter.Refund(l.clock.Now(), int64(n))
	}
}

// Acquire takes one token. If there is none it waits for its turn, for no longer
// than MaxWait and ctx allow; if that would not be enough, it refuses at once and
// takes nothing. A token that is there is taken without a look at ctx.
//
// A refusal is a *gate.RejectedError. Its reason is [ErrLimited], or ctx's error
// if ctx ended the wait. The permit holds nothing: how the call ends makes no
// difference, and its token is spent.
func (l *Limiter) Acquire(ctx context.Context) (gate.Permit, error) {
	now := l.clock.Now()
	ready := l.meter.Take(now, 1)
	if ready <= now {
		return gate.Permit{}, nil
	}
	return l.acquire(ctx, now, ready)
}

// AcquireAt is [Limiter.Acquire] for a caller that has read the clock. If by that
// reading there is no token, the limiter looks at the clock itself, so a late
// reading refuses nothing that may run.
func (l *Limiter) AcquireAt(ctx context.Context, now time.Time) (gate.Permit, error) {
	at := l.clock.At(now)
	if l.meter.Take(at, 1) <= at {
		return gate.Permit{}, nil
	}
	at = max(at, l.clock.Now())
	ready := l.meter.Take(at, 1)
	if ready <= at {
		return gate.Permit{}, nil
	}
	return l.acquire(ctx, at, ready)
}

// acquire goes on when there is no token before the time ready.
func (l *Limiter) acquire(ctx context.Context, now, ready int64) (gate.Permit, error) {
	s := l.settings.Load()
	if s.MaxWait == 0 {
		return gate.Permit{}, s.refuse(ctx, ready-now)
	}
	waited, err := l.wait(ctx, s, now, 1, s.MaxWait)
	if waited {
		return gate.Permit{}.AfterWait(), nil
	}
	return gate.Permit{}, err
}

// Release is for [gate.Permit.Done]. It does nothing.
func (l *Limiter) Release(gate.Token, error) {}

// ReleaseAt is [Limiter.Release] for a caller that has read the clock.
func (l *Limiter) ReleaseAt(gate.Token, time.Time, error) {}

// Update changes the configuration. Tokens that were spent stay spent, but a
// limiter never has to refill more than the new burst; a burst that is lowered
// and raised again gives nothing away. Calls that wait keep their turns. The
// limits in And are matched by their position, and one that is new starts full.
// If c is not valid, Update returns what [Config.Validate] does and changes
// nothing.
func (l *Limiter) Update(c Config) error {
	if err := c.Validate(); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	old := l.settings.Swap(newSettings(c, l.clock))
	if specs := c.specs(); !slices.Equal(specs, old.specs()) {
		l.meter.Update(l.clock.Now(), specs...)
	}
	return nil
}
