// Package window counts the calls of the recent past: how they ended
// ([Window]) and which of them still run ([Running]).
//
// Both spread their counters over stripes, a cache line each, so that calls on
// different processors do not wait for each other's line. The caller chooses
// the stripe; the result does not depend on it.
package window

import "sync/atomic"

const (
	// Buckets is how many parts a window has. An outcome counts for at least
	// nine tenths of the window's length, and never for longer than the length.
	Buckets = 10
	// Stripes is how many sets of counters there are; a power of two.
	Stripes = 4
)

// A Window holds the counts of a sliding span of time.
//
// Add, Due and Sum are safe for concurrent use. The other methods need a lock
// of the owner's, under which they may run beside those three.
//
// Every count belongs to a tag, which the owner changes when what was counted
// before must not matter any more: an Add with another tag changes nothing,
// however long ago it began.
type Window struct {
	stripes [Stripes]stripe
	end     atomic.Int64  // of the current bucket
	moves   atomic.Uint32 // odd while counts are on their way to a bucket
	current uint32        // the bucket that counts are moved to
}

// stripe is one set of counters. The buckets, which change only when time
// passes from one to the next, are spread over what the counters leave of the
// cache lines.
type stripe struct {
	live    atomic.Uint64 // what was counted since the last move, packed
	buckets [share]bucket
	sum     struct{ calls, failures, slow atomic.Uint32 } // of the buckets here
	_       [8]byte
}

// share is how many buckets a stripe holds.
const share = (Buckets + Stripes - 1) / Stripes

type bucket struct{ calls, failures, slow uint32 }

// Due reports whether [Window.Roll] has something to do at the time now.
func (w *Window) Due(now int64) bool { return now >= w.end.Load() }

// Add counts calls on one stripe, if their tag is the current one.
func (w *Window) Add(stripe uint, tag uint16, d Delta) Result {
	live := &w.stripes[stripe%Stripes].live
	for {
		old := live.Load()
		switch {
		case packedTag(old) != tag:
			return Stale
		case old&full != 0:
			return Full
		case live.CompareAndSwap(old, old+uint64(d)):
			return Added
		}
	}
}

// Sum returns the counts. They are not valid if counts were being moved
// meanwhile; and while calls are added, they may mix an earlier and a later
// moment.
func (w *Window) Sum() (c Counts, valid bool) {
	moves := w.moves.Load()
	for i := range w.stripes {
		s := &w.stripes[i]
		c.addPacked(s.live.Load())
		c.Calls += uint64(s.sum.calls.Load())
		c.Failures += uint64(s.sum.failures.Load())
		c.Slow += uint64(s.sum.slow.Load())
	}
	return c, moves%2 == 0 && w.moves.Load() == moves
}

// Total returns the counts of one moment, unless calls are added without a
// pause; it needs the lock.
func (w *Window) Total() Counts {
	const patience = 16
	before, _ := w.Sum()
	for range patience {
		// Counters only grow while the lock is held: two equal readings in
		// succession are what was true between them.
		after, _ := w.Sum()
		if after == before {
			break
		}
		before = after
	}
	return before
}

// Start empties the window and gives it a new tag. Its first bucket begins now.
func (w *Window) Start(now, width int64, tag uint16) {
	w.moves.Add(1)
	for i := range w.stripes {
		s := &w.stripes[i]
		s.live.Store(packTag(tag))
		s.buckets = [share]bucket{}
		s.resum()
	}
	w.end.Store(now + width)
	w.moves.Add(1)
}

// Retag gives the window a new tag and keeps its counts.
func (w *Window) Retag(tag uint16) {
	w.moves.Add(1)
	for i := range w.stripes {
		w.put(w.stripes[i].live.Swap(packTag(tag)))
	}
	w.moves.Add(1)
}

// Roll leaves behind the buckets that have ended by now. Buckets are width
// long from here on; a late reading of the clock changes nothing.
func (w *Window) Roll(now, width int64) {
	end := w.end.Load()
	if now < end {
		return
	}
	w.moves.Add(1)
	for i := range w.stripes {
		w.drain(i)
	}
	passed := (now-end)/width + 1
	for range min(passed, Buckets) {
		w.current = (w.current + 1) % Buckets
		s := &w.stripes[w.current/share]
		s.buckets[w.current%share] = bucket{}
		s.resum()
	}
	w.end.Store(end + passed*width)
	w.moves.Add(1)
}

// Count counts calls with the current tag under the lock, and makes room where
// an Add found none.
func (w *Window) Count(d Delta) {
	w.moves.Add(1)
	for i := range w.stripes {
		if w.stripes[i].live.Load()&full != 0 {
			w.drain(i)
		}
	}
	w.put(uint64(d))
	w.moves.Add(1)
}

// drain moves what was counted on a stripe to the current bucket.
func (w *Window) drain(i int) {
	live := &w.stripes[i].live
	for {
		old := live.Load()
		if live.CompareAndSwap(old, packTag(packedTag(old))) {
			w.put(old)
			return
		}
	}
}

// put adds packed counts to the current bucket.
func (w *Window) put(packed uint64) {
	s := &w.stripes[w.current/share]
	s.buckets[w.current%share].add(packed)
	s.resum()
}

func (b *bucket) add(packed uint64) {
	var c Counts
	c.addPacked(packed)
	b.calls += uint32(c.Calls)
	b.failures += uint32(c.Failures)
	b.slow += uint32(c.Slow)
	// A thousand million calls in one bucket: what counts is their ratio. The
	// sum of a stripe stays below 2^32.
	if b.calls >= 1<<30 {
		b.calls, b.failures, b.slow = b.calls/2, b.failures/2, b.slow/2
	}
}

func (s *stripe) resum() {
	var sum bucket
	for _, b := range s.buckets {
		sum.calls += b.calls
		sum.failures += b.failures
		sum.slow += b.slow
	}
	s.sum.calls.Store(sum.calls)
	s.sum.failures.Store(sum.failures)
	s.sum.slow.Store(sum.slow)
}
