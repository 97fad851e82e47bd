package gate

import (
	"context"
	"time"
)

// A Gate decides whether a call may run now.
//
// Acquire returns a permit, or an error that matches [ErrRejected] when the
// call must not run. It may wait, never longer than ctx allows; a wait cut
// short by ctx gives an error that also matches ctx's error. A Gate is safe
// for concurrent use.
type Gate interface {
	Acquire(ctx context.Context) (Permit, error)
}

// Keyed is a family of gates, one for each key: one rate limit for each client,
// one breaker for each host. It is safe for concurrent use, and the memory it
// keeps is bounded whatever the number of keys.
type Keyed[K comparable] interface {
	Acquire(ctx context.Context, key K) (Permit, error)
}

// Timed is implemented by gates that accept a clock reading their caller has
// already taken. A reading costs more than the rest of most decisions, so a
// chain of gates that shares one is several times faster.
//
// A reading may be late, when goroutines overtake each other. An
// implementation must treat a late reading as if no time had passed.
type Timed interface {
	// AcquireAt is [Gate.Acquire] at the time now. If it waits, the permit says
	// so: see [Permit.AfterWait].
	AcquireAt(ctx context.Context, now time.Time) (Permit, error)
	// ReleaseAt is [Releaser.Release] at the time now.
	ReleaseAt(token Token, now time.Time, err error)
}

// AcquireAt acquires from g at the time now if g is [Timed], and by its own
// clock if it is not. Such a gate may have waited, so its permits say that it
// has: see [Permit.Waited].
func AcquireAt(ctx context.Context, g Gate, now time.Time) (Permit, error) {
	if timed, ok := g.(Timed); ok {
		return timed.AcquireAt(ctx, now)
	}
	permit, err := g.Acquire(ctx)
	return permit.AfterWait(), err
}
