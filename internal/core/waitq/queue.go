package waitq

import "math"

// Queue is a bounded queue of callers who wait for permits. It decides who is
// next and who has waited too long; it holds no permits and wakes nobody. It is
// not safe for concurrent use.
//
// T is what the owner needs to find a waiter again.
type Queue[T any] struct {
	bounds  Bounds
	service Service
	counts  Counts
	now     int64 // the latest reading

	begun    int64 // when somebody came to the empty queue last
	patience int64 // how long after begun the queue stands

	length  int
	classes [Classes]class[T]
}

// Bounds are the limits of a queue.
type Bounds struct {
	Capacity int   // how many may wait; 0 for none
	MaxWait  int64 // how long one may wait; above 0
}

// Counts says how often the queue gave up on a waiter.
type Counts struct {
	Evicted  uint64 // it lost its place to another, or to a smaller capacity
	Expired  uint64 // it waited as long as it may
	Hopeless uint64 // it could not have finished before its deadline
	TooLarge uint64 // the limit fell below its weight
}

// Verdict is what becomes of a waiter.
type Verdict uint8

// The verdicts.
const (
	Waiting  Verdict = iota // it is in the queue
	Granted                 // it has its permits
	Full                    // there was no place for it
	Evicted                 // it lost its place to another
	Expired                 // it waited as long as it may
	Hopeless                // it could not finish before its deadline
	TooLarge                // it wants more permits than there are
)

// New returns an empty queue.
func New[T any](bounds Bounds) *Queue[T] { return &Queue[T]{bounds: bounds} }

// SetBounds changes the bounds. Waiters for whom no place is left come out of
// Next. MaxWait applies to those who come later.
func (q *Queue[T]) SetBounds(bounds Bounds) { q.bounds = bounds }

// Observe tells the queue that a call ended now and took d.
func (q *Queue[T]) Observe(now, d int64) { q.service.observe(q.tick(now), d) }

// Offer puts w into the queue and returns Waiting, or it returns why w cannot
// wait. When out is not nil, it lost its place to w.
func (q *Queue[T]) Offer(now int64, w *Waiter[T]) (verdict Verdict, out *Waiter[T]) {
	now = q.tick(now)
	if q.hopeless(w) {
		q.counts.Hopeless++
		return Hopeless, nil
	}
	wasEmpty := q.length == 0
	if q.length >= q.bounds.Capacity {
		if out = q.victim(w.Class); out == nil {
			return Full, nil
		}
		q.evict(out)
	}
	w.since = now
	w.end = min(later(now, q.bounds.MaxWait), w.Deadline-q.service.typical(now))
	q.begin(wasEmpty, (w.end-now)/2)
	w.expires = w.end
	if q.Standing() {
		w.expires = min(w.end, later(now, q.target()))
	}
	q.link(w)
	return Waiting, out
}

// begin notes how patient a newcomer is. The queue stands once it has not been
// empty for half the time that a caller can wait: by then those who came first
// have used up half of theirs. Later callers count for an eighth each, so that
// one odd deadline does not change the order for all.
func (q *Queue[T]) begin(wasEmpty bool, patience int64) {
	if wasEmpty {
		q.begun, q.patience = q.now, patience
		return
	}
	q.patience += (patience - q.patience) / 8
}

// Next takes the next waiter out of the queue, when free of limit permits are
// left: one who is Granted its permits, or one on whom the queue gives up. It
// returns nil when all the others go on waiting. The owner calls it until then,
// whenever permits, limit, bounds or waiters have changed.
func (q *Queue[T]) Next(now int64, free, limit int) (*Waiter[T], Verdict) {
	q.tick(now)
	if q.length > q.bounds.Capacity {
		w := q.surplus()
		q.evict(w)
		return w, Evicted
	}
	if q.length == 0 || free <= 0 {
		return nil, Waiting
	}
	c := q.pick()
	w := c.next(q.Standing())
	if verdict := q.overdue(w); verdict != Waiting {
		q.unlink(w)
		return w, verdict
	}
	if w.Weight > limit {
		q.counts.TooLarge++
		q.unlink(w)
		return w, TooLarge
	}
	if w.Weight > free {
		// From now on each permit that comes back is kept for w. That is service,
		// so the short timeout of a standing queue is over for it.
		c.chosen, w.expires = w, w.end
		return nil, Waiting
	}
	q.unlink(w)
	q.granted(c)
	return w, Granted
}

// Leave takes w out of the queue, and reports whether it was in it.
func (q *Queue[T]) Leave(w *Waiter[T]) bool {
	if !w.queued {
		return false
	}
	q.unlink(w)
	return true
}

// Expire takes w, which is in the queue, out of it if its time is over, and
// returns the verdict. Waiting means that it may wait for the time left.
func (q *Queue[T]) Expire(now int64, w *Waiter[T]) (verdict Verdict, left int64) {
	now = q.tick(now)
	verdict = q.overdue(w)
	if verdict == Waiting {
		return Waiting, w.expires - now
	}
	q.unlink(w)
	return verdict, 0
}

// Left returns how long w, which is in the queue, may wait at the most.
func (q *Queue[T]) Left(w *Waiter[T]) int64 { return w.expires - q.now }

// Standing reports whether the queue has not been empty for so long that the
// newest are served first.
func (q *Queue[T]) Standing() bool { return q.length > 0 && q.now-q.begun >= q.patience }

// overdue returns the verdict on a waiter whose time is over, or Waiting.
func (q *Queue[T]) overdue(w *Waiter[T]) Verdict {
	switch {
	case q.hopeless(w):
		q.counts.Hopeless++
		return Hopeless
	case w.expires <= q.now:
		q.counts.Expired++
		return Expired
	default:
		return Waiting
	}
}

// hopeless reports whether a typical call that starts now ends after w's
// deadline, so that running it would be work for nobody.
func (q *Queue[T]) hopeless(w *Waiter[T]) bool {
	return w.Deadline <= later(q.now, q.service.typical(q.now))
}

// target is how long a newcomer may wait in a standing queue: long enough that
// the queue never runs dry between two calls that end, and no longer.
func (q *Queue[T]) target() int64 {
	const least = 5e6 // 5 ms: below it the scheduler's own delays would decide
	return max(least, 2*q.service.base(q.now))
}

// tick notes a reading. One that is late counts as no time passed.
func (q *Queue[T]) tick(now int64) int64 {
	q.now = max(q.now, now)
	return q.now
}

// later adds d to t, up to the end of time.
func later(t, d int64) int64 {
	if t > 0 && d > math.MaxInt64-t {
		return math.MaxInt64
	}
	return t + d
}
