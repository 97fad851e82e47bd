package breaker

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/backstay-go/backstay/event"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/clock"
	"github.com/backstay-go/backstay/internal/core/trip"
)

// ErrOpen is the reason of every refusal by a [Breaker].
var ErrOpen = errors.New("circuit open")

// A Breaker refuses calls to a dependency that fails. It is a gate.Gate and
// safe for concurrent use. It must not be copied.
type Breaker struct {
	clock clock.Clock

	mu       sync.Mutex
	settings *settings
	machine  *trip.Machine
	refusals *refusals
	cause    error
	outbox   outbox
}

// settings is what a [Config] comes to.
type settings struct {
	name        string
	rules       *trip.Rules
	classify    gate.Classifier
	observer    event.Observer
	observeOnly bool
}

func (c Config) settings() *settings {
	s := &settings{name: c.Name, rules: c.rules(), classify: c.Classify, observer: c.Observer, observeOnly: c.ObserveOnly}
	if s.classify == nil {
		s.classify = gate.Classify
	}
	return s
}

// New returns a closed breaker. It panics if c is not valid.
func New(c Config) *Breaker {
	if err := c.Validate(); err != nil {
		panic(err.Error())
	}
	b := &Breaker{clock: clock.New(), settings: c.settings()}
	b.machine = trip.New(b.clock.Now(), b.settings.rules)
	return b
}

// Acquire returns a permit for one call, or a *gate.RejectedError with the
// reason [ErrOpen] whose After says when a probe may be admitted. It never
// waits.
func (b *Breaker) Acquire(ctx context.Context) (gate.Permit, error) {
	return b.acquire(ctx, b.clock.Now())
}

// AcquireAt is [Breaker.Acquire] for a caller that has read the clock.
func (b *Breaker) AcquireAt(ctx context.Context, now time.Time) (gate.Permit, error) {
	return b.acquire(ctx, b.clock.At(now))
}

func (b *Breaker) acquire(ctx context.Context, now int64) (gate.Permit, error) {
	b.mu.Lock()
	s := b.settings
	b.changed(b.machine.Tick(now), nil)
	token, ok := b.machine.Admit(now)
	var refusal *gate.RejectedError
	if !ok {
		refusal = b.refusals.at(now)
	}
	b.mu.Unlock()
	b.outbox.drain(&b.mu)
	if ok {
		return gate.NewPermit(b, token), nil
	}
	event.Notify(ctx, s.observer, event.Event{
		Kind: event.Rejected, Policy: policy, Name: s.name, Wait: refusal.After, Err: ErrOpen,
	})
	if s.observeOnly {
		return gate.Permit{}, nil
	}
	return gate.Permit{}, refusal
}

// Release takes back a permit. It is for gate.Permit, whose Done calls it.
func (b *Breaker) Release(token gate.Token, err error) {
	b.release(token, b.clock.Now(), err)
}

// ReleaseAt is [Breaker.Release] for a caller that has read the clock.
func (b *Breaker) ReleaseAt(token gate.Token, now time.Time, err error) {
	b.release(token, b.clock.At(now), err)
}

func (b *Breaker) release(token gate.Token, now int64, err error) {
	b.mu.Lock()
	classify := b.settings.classify
	b.mu.Unlock()
	outcome := classify(err)
	b.mu.Lock()
	b.changed(b.machine.Tick(now), nil)
	b.changed(b.machine.Release(now, token, outcome, rand.Float64()), err)
	b.mu.Unlock()
	b.outbox.drain(&b.mu)
}

// Do runs op if the breaker admits it, and counts how it ends; a panic counts as
// a failure and continues. Otherwise it returns the refusal of
// [Breaker.Acquire].
func (b *Breaker) Do(ctx context.Context, op func(context.Context) error) error {
	return gate.Do(ctx, b, op)
}
