package driver

import "time"

// BreakerConfig is what a scenario asks of a breaker. Zero fields are left to
// the library's defaults.
type BreakerConfig struct {
	// FailureRate trips it, over Window, from MinCalls calls on.
	FailureRate float64
	MinCalls    int
	Window      time.Duration
	// Cooldown is how long it stays open, MaxCooldown how far repeated trips may
	// lengthen that.
	Cooldown, MaxCooldown time.Duration
	// Probes is how many calls it admits at once when half-open.
	Probes int
	// ProbeTimeout is after how long a probe that has not ended is given up.
	ProbeTimeout time.Duration
	// SlowCall is the duration from which a call is slow, SlowRate the share of
	// them that trips it.
	SlowCall time.Duration
	SlowRate float64
	// Ignore reports errors that say nothing about the dependency. The caller's
	// own cancellation is always one of them.
	Ignore func(error) bool
	// OnChange is told of each transition.
	OnChange func(from, to State)
}

// Breaker is a circuit breaker. Do returns an error that matches [ErrRefused]
// if op was not run.
type Breaker interface {
	Caller
	State() State
}

// Forcer is a breaker that can be held open by hand: for d, or until further
// notice if d is zero.
type Forcer interface{ ForceOpen(d time.Duration) }

// BreakerUpdater is a breaker whose configuration can be changed in use.
type BreakerUpdater interface{ Update(BreakerConfig) error }

// State is the state of a breaker.
type State int

// The states.
const (
	Closed State = iota
	HalfOpen
	Open
)

// String returns "closed", "half-open" or "open".
func (s State) String() string { return [...]string{"closed", "half-open", "open"}[s] }
