package waitq

import "math"

// Queue is a bounded queue of callers who wait for permits. It decides who is
// next and who has waited too long; it holds no permits and wakes nobody. A
// Queue is not safe for concurrent use.
//
// T is what the owner needs to find a waiter again.
type Queue[T any] struct {
	config  Config
	service Service
	now     int64 // the latest reading
	begun   int64 // when the first of an unbroken row of waiters came
	patient int64 // N: how long the queue may go without being empty
	length  int
	classes [Classes]class[T]
	counts  Counts
}

// Config bounds a queue.
type Config struct {
	Capacity int   // how many may wait; 0 for none
	MaxWait  int64 // how long one may wait
}

// Counts says how often the queue gave up on a waiter.
type Counts struct {
	Evicted  uint64 // for a caller of a higher class, or by a smaller capacity
	Expired  uint64 // waited as long as it may
	Hopeless uint64 // could not have finished before its deadline
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
	Hopeless                // too late to finish before its deadline
	TooLarge                // it wants more than the limit
)

// New returns an empty queue.
func New[T any](config Config) *Queue[T] { return &Queue[T]{config: config} }

// Len returns the number of waiters.
func (q *Queue[T]) Len() int { return q.length }

// Capacity returns the number of places.
func (q *Queue[T]) Capacity() int { return q.config.Capacity }

// Counts returns how often the queue gave up on a waiter.
func (q *Queue[T]) Counts() Counts { return q.counts }

// Service returns what is known about the duration of calls.
func (q *Queue[T]) Service() Service { return q.service }

// Observe tells the queue that a call took d.
func (q *Queue[T]) Observe(d int64) { q.service.observe(d) }

// Configure changes the bounds. Waiters for whom no place is left come out of
// Next; the others wait no longer and no shorter than before.
func (q *Queue[T]) Configure(config Config) { q.config = config }

// Offer puts w at the end of its class, and returns Waiting; or it returns the
// verdict on a caller who cannot wait. When out is not nil, it lost its place
// to w.
func (q *Queue[T]) Offer(now int64, w *Waiter[T]) (verdict Verdict, out *Waiter[T]) {
	now = q.tick(now)
	if q.hopeless(now, w) {
		q.counts.Hopeless++
		return Hopeless, nil
	}
	wasEmpty := q.length == 0
	if q.length >= q.config.Capacity {
		if out = q.victim(w.Class); out == nil {
			return Full, nil
		}
		q.counts.Evicted++
		q.unlink(out)
	}
	w.bound = min(later(now, q.config.MaxWait), w.Deadline-q.service.Typical)
	patience := (w.bound - now) / 2
	if wasEmpty {
		q.begun, q.patient = now, patience
	}
	q.patient += (patience - q.patient) / patienceStep
	w.expires = w.bound
	if q.Standing(now) {
		w.expires = min(w.bound, later(now, q.target()))
	}
	q.link(w)
	return Waiting, out
}

// Next takes the next waiter out of the queue, when free of limit permits are
// left: one who is Granted its permits, or one whom the queue gives up on. It
// returns nil when all others go on waiting. The owner calls it again until
// then, whenever permits, waiters, limit or bounds have changed.
func (q *Queue[T]) Next(now int64, free, limit int) (*Waiter[T], Verdict) {
	now = q.tick(now)
	if q.length > q.config.Capacity {
		w := q.surplus()
		q.counts.Evicted++
		q.unlink(w)
		return w, Evicted
	}
	if q.length == 0 || free <= 0 {
		return nil, Waiting
	}
	c := q.pick()
	w := c.next(q.Standing(now))
	if verdict := q.overdue(now, w); verdict != Waiting {
		q.unlink(w)
		return w, verdict
	}
	if w.Weight > limit {
		q.counts.TooLarge++
		q.unlink(w)
		return w, TooLarge
	}
	if w.Weight > free {
		// From now on every permit that is released is kept for w; that is
		// service, so the short timeout of a standing queue is over for it.
		c.chosen, w.expires = w, w.bound
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

// Expire takes w out of the queue if its time is over, and returns the verdict.
// Waiting means that it may wait on for the time left.
func (q *Queue[T]) Expire(now int64, w *Waiter[T]) (verdict Verdict, left int64) {
	now = q.tick(now)
	verdict = q.overdue(now, w)
	if verdict == Waiting {
		return Waiting, w.expires - now
	}
	q.unlink(w)
	return verdict, 0
}

// Left returns how long w, which waits, may go on doing so.
func (q *Queue[T]) Left(w *Waiter[T]) int64 { return w.expires - q.now }

// Standing reports whether the queue has not been empty for so long that it is
// no burst any more: newcomers are served first, and wait only a short time.
func (q *Queue[T]) Standing(now int64) bool {
	return q.length > 0 && q.tick(now)-q.begun >= q.patient
}

// overdue returns the verdict on a waiter whose time is over, or Waiting.
func (q *Queue[T]) overdue(now int64, w *Waiter[T]) Verdict {
	switch {
	case q.hopeless(now, w):
		q.counts.Hopeless++
		return Hopeless
	case w.expires <= now:
		q.counts.Expired++
		return Expired
	default:
		return Waiting
	}
}

// hopeless reports whether a typical call that starts now ends after w's
// deadline: running it would be work for nobody.
func (q *Queue[T]) hopeless(now int64, w *Waiter[T]) bool {
	return w.Deadline <= later(now, q.service.Typical)
}

// target is M, how long a newcomer may wait in a standing queue.
func (q *Queue[T]) target() int64 { return max(minTarget, 2*q.service.Base) }

// tick notes a reading. One that is late counts as no time passed.
func (q *Queue[T]) tick(now int64) int64 {
	q.now = max(q.now, now)
	return q.now
}

const (
	minTarget    = 5e6 // 5 ms: below it the scheduler's own delays would decide
	patienceStep = 8   // a newcomer's share in N, so that one odd deadline does not flip the order
)

// later adds d to t, and stops at the end of time.
func later(t, d int64) int64 {
	if t > 0 && d > math.MaxInt64-t {
		return math.MaxInt64
	}
	return t + d
}
