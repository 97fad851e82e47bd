package breaker

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/clock"
	"github.com/backstay-go/backstay/internal/core/trip"
)

// ErrOpen is the reason of every refusal by a [Breaker].
var ErrOpen = errors.New("circuit open")

// policy is what errors and events call a breaker.
const policy = "breaker"

// A Breaker refuses calls to a dependency that fails. It is a gate.Gate, safe
// for concurrent use, and must not be copied. [New] makes one.
type Breaker struct {
	machine  trip.Machine // first, to be aligned to cache lines
	settings atomic.Pointer[settings]
	refusing atomic.Pointer[refusing] // nil while closed by the rules
	clock    clock.Clock

	mu     sync.Mutex // guards the machine where its methods say so
	outbox *outbox    // nil until something is to be told
}

// New returns a closed breaker. It panics if c is not valid.
func New(c Config) *Breaker {
	if err := c.Validate(); err != nil {
		panic(err.Error())
	}
	s := newSettings(c)
	b := &Breaker{clock: clock.New()}
	b.settings.Store(s)
	b.machine.Start(b.clock.Now(), &s.rules)
	return b
}

// Acquire returns a permit for one call, or a *gate.RejectedError with the
// reason [ErrOpen]. It never waits.
//
// The After of a refusal is how long the breaker stays open or on its ramp, and
// up to an eighth more; while probes run it is a guess of a second, and while the
// breaker is forced open without an end it is zero.
func (b *Breaker) Acquire(ctx context.Context) (gate.Permit, error) {
	token, err := b.enter(ctx)
	if err != nil {
		return gate.Permit{}, err
	}
	return gate.NewPermit(b, token), nil
}

// AcquireAt is [Breaker.Acquire] for a caller that has read the clock.
func (b *Breaker) AcquireAt(ctx context.Context, now time.Time) (gate.Permit, error) {
	token, ok := b.machine.AdmitUntimed()
	if !ok {
		var err error
		if token, err = b.decide(ctx, b.clock.At(now)); err != nil {
			return gate.Permit{}, err
		}
	}
	return gate.NewPermit(b, token), nil
}

// enter is [Breaker.Acquire] without the permit.
func (b *Breaker) enter(ctx context.Context) (gate.Token, error) {
	if token, ok := b.machine.AdmitUntimed(); ok {
		return token, nil
	}
	return b.decide(ctx, b.clock.Now())
}

// decide is enter where it takes the time to tell.
func (b *Breaker) decide(ctx context.Context, now int64) (gate.Token, error) {
	if r := b.refusing.Load(); r != nil && now < r.all.Load() {
		return r.refuse(ctx, now)
	}
	if token, ok := b.machine.TryAdmit(now, stripe()); ok {
		return token, nil
	}
	b.lock(now)
	token, ok := b.machine.Admit()
	r := b.refusing.Load()
	b.unlock()
	if !ok {
		return r.refuse(ctx, now)
	}
	return token, nil
}

// Release takes back a permit. It is for gate.Permit, whose Done calls it.
func (b *Breaker) Release(token gate.Token, err error) {
	b.release(token, b.clock.Now(), err)
}

// ReleaseAt is [Breaker.Release] for a caller that has read the clock.
func (b *Breaker) ReleaseAt(token gate.Token, now time.Time, err error) {
	b.release(token, b.clock.At(now), err)
}

// release takes back a permit with the outcome that err stands for. If the
// classifier panics the outcome is ignored: the call no longer runs.
func (b *Breaker) release(token gate.Token, now int64, err error) {
	s := b.settings.Load()
	if s.classify == nil {
		b.settle(token, now, classify(err), err)
		return
	}
	outcome := gate.Ignored
	defer func() { b.settle(token, now, outcome, err) }()
	outcome = s.classify(err)
}

func (b *Breaker) settle(token gate.Token, now int64, outcome gate.Outcome, err error) {
	rest := b.machine.TryRelease(now, stripe(), &token, outcome)
	if rest == trip.Nothing {
		return
	}
	b.mu.Lock()
	b.changed(now, b.machine.Pass(now), nil)
	b.changed(now, b.machine.Settle(rest, token, outcome, rand.Float64()), err)
	b.unlock()
}

// Do runs op if the breaker admits it, and counts how it ends; a panic or
// runtime.Goexit counts as a failure and continues. Otherwise it returns the
// refusal of [Breaker.Acquire]. When ctx has already ended, op does not run and
// Do returns ctx's error.
func (b *Breaker) Do(ctx context.Context, op func(context.Context) error) error {
	// This is gate.Do without the permit in between, at two thirds of its cost.
	if err := ctx.Err(); err != nil {
		return err
	}
	token, err := b.enter(ctx)
	if err != nil {
		return err
	}
	result := gate.ErrPanicked
	defer func() { b.Release(token, result) }()
	result = op(ctx)
	return result
}

// lock takes the lock, and makes the changes that time has brought.
func (b *Breaker) lock(now int64) {
	b.mu.Lock()
	b.changed(now, b.machine.Tick(now, rand.Float64()), nil)
}

// unlock gives up the lock, and delivers what there is to tell.
func (b *Breaker) unlock() {
	if r := b.refusing.Load(); r != nil {
		r.all.Store(b.machine.RefusesUntil())
	}
	o := b.outbox
	deliver := o.claim()
	b.mu.Unlock()
	if deliver {
		o.deliver(&b.mu)
	}
}
