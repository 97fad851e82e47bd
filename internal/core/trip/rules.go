package trip

import (
	"math/bits"

	"github.com/backstay-go/backstay/internal/core/window"
)

// Whole is a share of one, in the integers that thresholds are compared in.
const Whole = 1_000_000_000

// Rules are the settings of a [Machine]. Shares are parts of [Whole] and times
// nanoseconds. Rules must not be changed while a machine uses them.
type Rules struct {
	FailureRate  int64 // share of failures that opens; 0 is no such rule
	SlowRate     int64 // share of slow calls that opens; 0 is no such rule
	Consecutive  int64 // failures in a row that open; 0 is no such rule
	MinCalls     int64 // calls in the window below which no share counts
	SlowCall     int64 // how long a call takes that is slow; 0 times none
	Window       int64
	Cooldown     int64
	MaxCooldown  int64
	ProbeTimeout int64
	Ramp         int64 // 0 closes as soon as the probes have succeeded
	Probes       int
}

// reached reports whether part is at least share of whole, exactly.
func reached(part, whole uint64, share int64) bool {
	if share == 0 || whole == 0 {
		return false
	}
	partHigh, partLow := bits.Mul64(part, Whole)
	wholeHigh, wholeLow := bits.Mul64(whole, uint64(share))
	return partHigh > wholeHigh || partHigh == wholeHigh && partLow >= wholeLow
}

// broken returns the rule that the counts break, or none.
func (r *Rules) broken(c window.Counts) Why {
	switch {
	case reached(c.Failures, c.Calls, r.FailureRate):
		return TooManyFailed
	case reached(c.Slow, c.Calls, r.SlowRate):
		return TooManySlow
	default:
		return NoCause
	}
}
