package window

// Counts is how many calls ended, and how.
type Counts struct {
	Calls, Failures, Slow uint64
}

// Add adds more to c.
func (c *Counts) Add(more Counts) {
	c.Calls += more.Calls
	c.Failures += more.Failures
	c.Slow += more.Slow
}

// A Delta is what one call adds to a window.
type Delta uint64

// DeltaOf returns the delta of a call that ended.
func DeltaOf(failed, slow bool) Delta {
	d := Delta(1) << callsAt
	if failed {
		d += 1 << failuresAt
	}
	if slow {
		d += 1 << slowAt
	}
	return d
}

// Counts returns what d adds.
func (d Delta) Counts() (c Counts) {
	c.addPacked(uint64(d))
	return c
}

// Result is what became of an Add.
type Result uint8

// The results.
const (
	Added Result = iota
	Stale        // not counted: the tag is not the current one
	Full         // not counted: Count under the lock
)

// The counters of a stripe are packed into one word, so that one compare and
// swap counts a call if, and only if, its tag is still the current one.
const (
	slowAt     = 0
	failuresAt = 16
	callsAt    = 32
	tagAt      = 48
	field      = 1<<16 - 1

	// full is set when half the range of the counters is used. No other counter
	// is ahead of the calls.
	full = 1 << (callsAt + 15)
)

func packTag(tag uint16) uint64      { return uint64(tag) << tagAt }
func packedTag(packed uint64) uint16 { return uint16(packed >> tagAt) }
func (c *Counts) addPacked(p uint64) {
	c.Calls += p >> callsAt & field
	c.Failures += p >> failuresAt & field
	c.Slow += p >> slowAt & field
}
