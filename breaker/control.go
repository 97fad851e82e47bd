package breaker

import (
	"time"

	"github.com/backstay-go/backstay/internal/core/trip"
)

// ForceOpen refuses every call for the time d, or until [Breaker.Reset] if d is
// not above zero; then the breaker probes as after a cooldown. The reason is for
// observers and [Snapshot], and may be empty.
func (b *Breaker) ForceOpen(d time.Duration, reason string) {
	now := b.clock.Now()
	b.lock(now)
	b.ordered(now, b.machine.ForceOpen(after(now, d)), order{"forced open", reason})
	b.unlock()
}

// ForceClosed admits every call for the time d, or until [Breaker.Reset] if d is
// not above zero, whatever becomes of the calls; then they decide again. The
// reason is for observers and [Snapshot], and may be empty.
func (b *Breaker) ForceClosed(d time.Duration, reason string) {
	now := b.clock.Now()
	b.lock(now)
	b.ordered(now, b.machine.ForceClosed(after(now, d)), order{"forced closed", reason})
	b.unlock()
}

// Reset makes the breaker as it was when it was new: closed, with nothing
// counted and nothing forced. The reason is for observers, and may be empty.
func (b *Breaker) Reset(reason string) {
	now := b.clock.Now()
	b.lock(now)
	b.changed(now, b.machine.Reset(), order{"reset", reason})
	b.tell(now, nil)
	b.unlock()
}

// ordered takes note of a forced change, or of an order to stay. Requires b.mu.
func (b *Breaker) ordered(now int64, c trip.Change, because order) {
	b.changed(now, c, because)
	if !c.Happened() {
		b.tell(now, because)
	}
}

func after(now int64, d time.Duration) int64 {
	if d <= 0 || now > trip.Forever-int64(d) {
		return trip.Forever
	}
	return now + int64(d)
}

// Update changes the configuration and keeps the state and the counts. If c is
// not valid it changes nothing and returns what is wrong.
//
// An open breaker stays open, for no longer than the new MaxCooldown. When
// SlowCall changes, the calls that run at that moment are not counted.
func (b *Breaker) Update(c Config) error {
	if err := c.Validate(); err != nil {
		return err
	}
	now := b.clock.Now()
	b.lock(now)
	s := newSettings(c)
	b.settings.Store(s)
	b.machine.Update(&s.rules)
	if r := b.refusing.Load(); r != nil {
		b.tell(now, r.cause)
	}
	b.unlock()
	return nil
}
