package trip

import (
	"math/bits"

	"github.com/backstay-go/backstay/internal/core/window"
)

// Whole is a share of one, in the integers that thresholds are compared in.
const Whole = 1_000_000_000

// Rules are the settings of a [Machine]. Times are nanoseconds and shares parts
// of [Whole]. Rules must not be changed while a machine uses them.
type Rules struct {
	SlowCall     int64 // how long a call takes that is slow; 0 times none
	Window       int64 // how long an outcome counts
	Cooldown     int64 // how long the machine stays open at first
	MaxCooldown  int64 // what the cooldown doubles up to
	ProbeTimeout int64 // how long a probe holds its slot
	Ramp         int64 // how long the share of admitted calls grows; 0 is no ramp

	FailureRate uint32 // share of failures that opens; 0 is no such rule
	SlowRate    uint32 // share of slow calls that opens; 0 is no such rule
	Consecutive int32  // failures in a row that open; 0 is no such rule
	MinCalls    int32  // calls in the window below which no share counts
	Probes      int32  // calls that are admitted to probe, and have to succeed
}

// width is the length of a bucket of the window.
func (r *Rules) width() int64 { return max(1, r.Window/window.Buckets) }

// failing reports whether failures break their rule. Fewer than least calls
// break none.
func (r *Rules) failing(c window.Counts, least int32) bool {
	return c.Calls >= uint64(least) && reached(c.Failures, c.Calls, r.FailureRate)
}

// slow reports whether slow calls break their rule, with those that are overdue
// and still run.
func (r *Rules) slow(c window.Counts, overdue uint64, least int32) bool {
	calls := c.Calls + overdue
	return calls >= uint64(least) && reached(c.Slow+overdue, calls, r.SlowRate)
}

// reached reports whether part is at least the given share of whole. It is
// exact: 57 of 100 are 57 %, whatever 0.57 is in binary.
func reached(part, whole uint64, share uint32) bool {
	if share == 0 || whole == 0 {
		return false
	}
	partHigh, partLow := bits.Mul64(part, Whole)
	wholeHigh, wholeLow := bits.Mul64(whole, uint64(share))
	return partHigh > wholeHigh || partHigh == wholeHigh && partLow >= wholeLow
}

// cooldown returns how long the machine stays open when it has opened trips
// times since it was closed. Up to a fifth is taken off, by u in [0, 1): breakers
// that opened together must not probe together.
func (r *Rules) cooldown(trips int, u float64) int64 {
	c := r.Cooldown
	for range trips {
		if c > r.MaxCooldown/2 {
			c = r.MaxCooldown
			break
		}
		c *= 2
	}
	return c - int64(u*float64(c)/5)
}
