package breaker

import (
	"time"

	"github.com/backstay-go/backstay/internal/core/trip"
)

// Snapshot is a breaker at one moment.
type Snapshot struct {
	Name  string `json:"name"`
	State State  `json:"state"`
	// Calls, Failures and Slow count the calls in the window of a closed breaker.
	Calls    uint64 `json:"calls"`
	Failures uint64 `json:"failures"`
	Slow     uint64 `json:"slow"`
	// Remaining is how long an open breaker refuses every call from now on, or
	// how long a ramp still lasts. Zero where that is not known.
	Remaining time.Duration `json:"remaining"`
	// Cause is why the breaker changed its state last. It may be empty.
	Cause string `json:"cause,omitempty"`
}

// State returns the state at this moment.
func (b *Breaker) State() State { return b.Snapshot().State }

// Snapshot returns the breaker's state and counts at this moment.
func (b *Breaker) Snapshot() Snapshot {
	b.mu.Lock()
	now := b.clock.Now()
	b.changed(b.machine.Tick(now), nil)
	s := Snapshot{Name: b.settings.name, State: state(b.machine.Phase())}
	counts := b.machine.Counts(now)
	s.Calls, s.Failures, s.Slow = counts.Calls, counts.Failures, counts.Slow
	if p := b.machine.Phase(); (p == trip.Open || p == trip.Ramping) && b.machine.Until() != trip.Forever {
		s.Remaining = time.Duration(b.machine.Until() - now)
	}
	if b.cause != nil {
		s.Cause = b.cause.Error()
	}
	b.mu.Unlock()
	b.outbox.drain(&b.mu)
	return s
}
