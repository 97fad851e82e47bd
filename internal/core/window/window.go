// Package window counts the outcomes of calls over a sliding span of time.
package window

// Buckets is how many parts a window has. An outcome counts for at least nine
// tenths of the window's length and never longer than the whole.
const Buckets = 10

// Counts is how many calls ended, and how.
type Counts struct {
	Calls, Failures, Slow uint64
}

// Add adds the counts of more to c.
func (c *Counts) Add(more Counts) {
	c.Calls += more.Calls
	c.Failures += more.Failures
	c.Slow += more.Slow
}

// A Window holds the counts of the last Length nanoseconds. It is not safe for
// concurrent use.
type Window struct {
	width   int64 // of a bucket
	end     int64 // of the current bucket
	current int
	buckets [Buckets]Counts
}

// Start empties the window, which covers the time from now on in buckets of the
// given length in all.
func (w *Window) Start(now, length int64) {
	*w = Window{}
	w.Resize(length)
	w.end = now + w.width
}

// Resize changes the length and keeps the counts, which leave at the new pace.
func (w *Window) Resize(length int64) { w.width = max(1, length/Buckets) }

// Add counts one call that ended at the time now.
func (w *Window) Add(now int64, c Counts) {
	w.roll(now)
	w.buckets[w.current].Add(c)
}

// Total returns the counts of the window that ends at now.
func (w *Window) Total(now int64) Counts {
	w.roll(now)
	var total Counts
	for _, c := range w.buckets {
		total.Add(c)
	}
	return total
}

// roll leaves behind the buckets that have ended by now. A late reading of the
// clock falls into the current bucket.
func (w *Window) roll(now int64) {
	if now < w.end {
		return
	}
	passed := (now-w.end)/w.width + 1
	w.end += passed * w.width
	for range min(passed, Buckets) {
		w.current = (w.current + 1) % Buckets
		w.buckets[w.current] = Counts{}
	}
}
