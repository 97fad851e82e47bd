package trip

import "github.com/backstay-go/backstay/internal/core/window"

// Phase is what a machine does with calls.
type Phase uint8

// The phases.
const (
	Closed  Phase = iota // admits every call
	Timed                // closed, and knows which calls still run
	Probing              // admits a few calls to probe
	Ramping              // admits a growing share of the calls
	Open                 // admits none
)

// String returns the name of p.
func (p Phase) String() string {
	return [...]string{"closed", "timed", "probing", "ramping", "open"}[p]
}

// closed reports whether p admits every call.
func (p Phase) closed() bool { return p <= Timed }

// Why is the reason of a [Change].
type Why uint8

// The reasons.
const (
	NoCause       Why = iota
	TooManyFailed     // the share of failures reached its threshold
	TooManySlow       // the share of slow calls reached its threshold
	FailedInARow      // so many failures came in succession
	ProbeFailed       // a probe failed
	ProbeSlow         // a probe succeeded, too slowly
	CooledDown        // the cooldown is over
	Recovered         // the probes succeeded, and the ramp is over
	Ordered           // somebody forced it
)

// String returns the name of w.
func (w Why) String() string {
	return [...]string{
		"none", "too_many_failed", "too_many_slow", "failed_in_a_row", "probe_failed", "probe_slow",
		"cooled_down", "recovered", "ordered",
	}[w]
}

// Change is a transition of a [Machine]. The zero Change is none.
type Change struct {
	From, To Phase
	Why      Why
	Hold     int64         // how long To lasts, where that is known
	Counts   window.Counts // what was counted when a rule was broken
	Overdue  uint64        // how many calls were slow that still run
	Streak   uint32        // how many failures came in a row
}

// Happened reports whether c is a transition at all.
func (c Change) Happened() bool { return c.From != c.To }
