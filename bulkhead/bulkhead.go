package bulkhead

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/core/waitq"
	"github.com/backstay-go/backstay/internal/permits"
)

// A Bulkhead limits how many calls run at once. It is a gate.Gate and safe for
// concurrent use. It must not be copied.
type Bulkhead struct {
	pool     *permits.Pool
	settings atomic.Pointer[settings]

	mu     sync.Mutex // one Update at a time; comes before the pool's lock
	limits *permits.Announcer
}

// New returns a bulkhead with all its permits free. It panics if c is not valid.
func New(c Config) *Bulkhead {
	if err := c.Validate(); err != nil {
		panic(err.Error())
	}
	c = c.withDefaults()
	b := &Bulkhead{pool: permits.New(c.Limit, c.bounds()), limits: permits.NewAnnouncer(c.Limit)}
	b.settings.Store(newSettings(c, 0))
	return b
}

// Acquire takes one permit. If none is free it waits for its turn, provided
// that the queue has a place.
//
// A refusal is a *gate.RejectedError. Its reason is [ErrFull], or ctx's error if
// ctx ended the wait. A permit that is free is granted without a look at ctx.
func (b *Bulkhead) Acquire(ctx context.Context) (gate.Permit, error) {
	left := b.pool.Try(1)
	if left > 0 {
		return gate.NewPermit(b, gate.Token{Generation: 1}), nil
	}
	return b.acquire(ctx, 1, left, time.Time{})
}

// AcquireAt is [Bulkhead.Acquire] for a caller that has read the clock.
func (b *Bulkhead) AcquireAt(ctx context.Context, now time.Time) (gate.Permit, error) {
	left := b.pool.Try(1)
	if left > 0 {
		return gate.NewPermit(b, gate.Token{Generation: 1}), nil
	}
	return b.acquire(ctx, 1, left, now)
}

// AcquireN is [Bulkhead.Acquire] for a call that weighs as much as n others. It
// takes all n permits or none, and callers of fewer do not overtake it once it
// is its turn. If n is below 1 or above the limit, the reason is [ErrWeight].
func (b *Bulkhead) AcquireN(ctx context.Context, n int) (gate.Permit, error) {
	if n < 1 || n > b.pool.Limit() {
		s := b.settings.Load()
		return s.refuse(ctx, s.weight, 0)
	}
	return b.acquire(ctx, n, b.pool.Try(n), time.Time{})
}

// timed marks the generation of a token with a Start. The rest of a generation
// is the weight.
const timed = 1 << 62

// acquire goes on from Try(n), which returned left. If the clock has not been
// read, now is zero.
func (b *Bulkhead) acquire(ctx context.Context, n int, left int64, now time.Time) (gate.Permit, error) {
	if left < 0 {
		return b.wait(ctx, n, now)
	}
	token := gate.Token{Generation: uint64(n)}
	// Only a bulkhead that is full needs to know how long calls take, so the call
	// that fills it is timed; if that takes a reading of its own, only for a queue.
	if left < int64(n) && (!now.IsZero() || b.pool.Queues()) {
		token = timedToken(n, b.reading(now))
	}
	return gate.NewPermit(b, token), nil
}

// wait takes n permits when it is the call's turn.
func (b *Bulkhead) wait(ctx context.Context, n int, now time.Time) (gate.Permit, error) {
	s := b.settings.Load()
	if !b.pool.Open(ctx) {
		return s.refuse(ctx, s.full, 0)
	}
	if err := ctx.Err(); err != nil {
		return s.refuse(ctx, s.ended(err), 0)
	}
	begun := b.reading(now)
	verdict := b.pool.Wait(ctx, begun, n)
	ended := b.pool.Now()
	if refusal := b.settle(ctx, verdict, n, ended); refusal != nil {
		return b.settings.Load().refuse(ctx, refusal, time.Duration(ended-begun))
	}
	return gate.NewPermit(b, timedToken(n, ended)).AfterWait(), nil
}

// settle returns the refusal that follows from the verdict on a call that
// waited, or nil if it may run.
func (b *Bulkhead) settle(ctx context.Context, verdict waitq.Verdict, n int, now int64) *gate.RejectedError {
	err := ctx.Err()
	if deadline, ok := ctx.Deadline(); err == nil && ok && b.pool.At(deadline) <= now {
		err = context.DeadlineExceeded // ctx's own timer is late
	}
	if verdict == waitq.Granted {
		if err == nil {
			return nil
		}
		if b.pool.Release(n) { // the turn came too late to be of use
			b.pool.Dispatch(now)
		}
	}
	s := b.settings.Load()
	switch {
	case err != nil:
		return s.ended(err)
	case verdict == waitq.TooLarge:
		return s.weight
	default:
		return s.full
	}
}

// Release is for [gate.Permit.Done]. It panics if more permits come back than
// were taken.
func (b *Bulkhead) Release(token gate.Token, _ error) {
	switch {
	case token.Generation&timed != 0:
		b.releaseTimed(token, b.pool.Now())
	case b.pool.Release(int(token.Generation)):
		b.pool.Dispatch(b.pool.Now())
	}
}

// ReleaseAt is for [gate.Permit.DoneAt].
func (b *Bulkhead) ReleaseAt(token gate.Token, now time.Time, _ error) {
	switch {
	case token.Generation&timed != 0:
		b.releaseTimed(token, b.pool.At(now))
	case b.pool.Release(int(token.Generation)):
		b.pool.Dispatch(b.pool.At(now))
	}
}

// releaseTimed also learns how long calls take.
func (b *Bulkhead) releaseTimed(token gate.Token, now int64) {
	n := int(token.Generation &^ timed)
	typical := time.Duration(b.pool.ReleaseTimed(n, now, now-int64(token.Start)))
	s := b.settings.Load()
	if after := s.after(typical); after != s.full.After {
		b.settings.CompareAndSwap(s, newSettings(s.Config, after))
	}
}

func timedToken(n int, now int64) gate.Token {
	return gate.Token{Start: time.Duration(now), Generation: timed | uint64(n)}
}

// reading converts now, or reads the clock if now is zero.
func (b *Bulkhead) reading(now time.Time) int64 {
	if now.IsZero() {
		return b.pool.Now()
	}
	return b.pool.At(now)
}
