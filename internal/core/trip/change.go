package trip

import "github.com/backstay-go/backstay/internal/core/window"

// Phase is what a machine does with calls.
type Phase uint8

// The phases.
const (
	Closed  Phase = iota // admits every call
	Probing              // admits probes
	Ramping              // admits a growing share of the calls
	Open                 // admits none
)

// Why is the reason of a [Change].
type Why uint8

// The reasons.
const (
	NoCause       Why = iota
	TooManyFailed     // the share of failures reached its threshold
	TooManySlow       // the share of slow calls reached its threshold
	FailedInARow      // so many consecutive failures
	ProbeFailed       // a probe failed
	ProbeSlow         // a probe succeeded, slowly
	CooledDown        // the cooldown is over
	Recovered         // the probes succeeded, and the ramp is over
	Forced            // an operator decided
)

// Change is a transition of a [Machine]. The zero Change is none.
type Change struct {
	From, To Phase
	Why      Why
	Hold     int64 // how long To lasts, if that is known
	Counts   window.Counts
	Streak   int64 // failures in a row
}

// Happened reports whether c is a transition at all.
func (c Change) Happened() bool { return c.From != c.To }
