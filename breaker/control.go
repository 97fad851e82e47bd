package breaker

import (
	"errors"
	"time"

	"github.com/backstay-go/backstay/internal/core/trip"
)

// ForceOpen refuses every call for the time d, or until [Breaker.Reset] if d is
// zero; then the breaker probes as after any cooldown. The reason is reported.
func (b *Breaker) ForceOpen(d time.Duration, reason string) {
	b.force(reason, func(now int64) trip.Change { return b.machine.ForceOpen(now, until(now, d)) })
}

// ForceClosed admits every call for the time d, or until [Breaker.Reset] if d is
// zero, whatever their outcomes. The reason is reported.
func (b *Breaker) ForceClosed(d time.Duration, reason string) {
	b.force(reason, func(now int64) trip.Change { return b.machine.ForceClosed(now, until(now, d)) })
}

// Reset closes the breaker as if it were new. The reason is reported.
func (b *Breaker) Reset(reason string) {
	b.force(reason, func(now int64) trip.Change { return b.machine.Reset(now) })
}

func (b *Breaker) force(reason string, do func(now int64) trip.Change) {
	b.mu.Lock()
	now := b.clock.Now()
	b.changed(b.machine.Tick(now), nil)
	b.changed(do(now), errors.New(reason))
	b.mu.Unlock()
	b.outbox.drain(&b.mu)
}

func until(now int64, d time.Duration) int64 {
	if d <= 0 {
		return trip.Forever
	}
	return now + int64(d)
}

// Update changes the configuration and keeps the state and the counts. It
// returns what is wrong with c, and then changes nothing.
func (b *Breaker) Update(c Config) error {
	if err := c.Validate(); err != nil {
		return err
	}
	b.mu.Lock()
	now := b.clock.Now()
	b.settings = c.settings()
	b.machine.Update(now, b.settings.rules)
	b.refusals = nil
	b.changed(b.machine.Tick(now), nil)
	b.mu.Unlock()
	b.outbox.drain(&b.mu)
	return nil
}
