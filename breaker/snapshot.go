package breaker

import (
	"time"

	"github.com/backstay-go/backstay/internal/core/trip"
)

// Snapshot is what a breaker can tell of itself at one moment.
type Snapshot struct {
	// Name is the name in the Config.
	Name string `json:"name"`
	// State is what the breaker does with calls.
	State State `json:"state"`
	// Forced says that the state was ordered, by ForceOpen or ForceClosed.
	Forced bool `json:"forced"`
	// Admitted is the share of calls that are admitted: 1 if closed, 0 if open or
	// while probes run, and growing from 0 to 1 on the ramp after them.
	Admitted float64 `json:"admitted"`
	// Remaining is how long the breaker stays open, on its ramp, or forced. Zero
	// means that nobody knows.
	Remaining time.Duration `json:"remaining"`
	// Calls is how many calls count: those that ended in the window of a closed
	// breaker, or since a half-open one began to probe.
	Calls uint64 `json:"calls"`
	// Failures is how many of Calls failed.
	Failures uint64 `json:"failures"`
	// Slow is how many of Calls took SlowCall or longer.
	Slow uint64 `json:"slow"`
	// Overdue is how many calls run that have already taken as long.
	Overdue uint64 `json:"overdue"`
	// Consecutive is how many failures came in a row. It is counted only if the
	// Config has a limit to it.
	Consecutive uint64 `json:"consecutive"`
	// Probes is how many probes run now.
	Probes int `json:"probes"`
	// Cause is why the breaker is not simply closed. It may be empty.
	Cause string `json:"cause,omitempty"`
}

// State returns the state at this moment. A breaker whose cooldown is over is
// half-open, whether or not a call has come since.
func (b *Breaker) State() State {
	b.lock(b.clock.Now())
	phase := b.machine.Phase()
	b.unlock()
	return state(phase)
}

// Snapshot returns what there is to tell at this moment.
func (b *Breaker) Snapshot() Snapshot {
	now := b.clock.Now()
	b.lock(now)
	name := b.settings.Load().name
	v := b.machine.View()
	r := b.refusing.Load()
	b.unlock()

	s := Snapshot{
		Name:        name,
		State:       state(v.Phase),
		Forced:      v.Forced,
		Admitted:    float64(v.Share) / trip.Whole,
		Calls:       v.Counts.Calls,
		Failures:    v.Counts.Failures,
		Slow:        v.Counts.Slow,
		Overdue:     v.Overdue,
		Consecutive: uint64(v.Streak),
		Probes:      v.Probes,
	}
	if v.Until != trip.Forever {
		s.Remaining = time.Duration(max(0, v.Until-now))
	}
	if r != nil && r.cause != nil && (v.Forced || s.State != Closed) {
		s.Cause = r.cause.Error()
	}
	return s
}
