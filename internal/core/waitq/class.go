package waitq

import "math"

// Classes is the number of classes. Class 0 is the first to be dropped.
const Classes = 4

// NoDeadline is the Deadline of a waiter that has none.
const NoDeadline = math.MaxInt64

// floor is the share of the grants that each class with waiters gets whatever
// its rank: one of so many.
const floor = 100

// Waiter is a caller in a queue. Its exported fields are set before Offer and
// do not change while it waits.
type Waiter[T any] struct {
	Value    T
	Weight   int   // how many permits it wants; at least 1
	Class    int   // from 0 up to Classes-1
	Deadline int64 // when its result is of no use any more, or NoDeadline

	since   int64 // when it came
	expires int64 // when it has waited too long
	end     int64 // expires, if it were not for the timeout of a standing queue

	older, newer *Waiter[T]
	queued       bool
}

// class holds the waiters of one class, by age.
type class[T any] struct {
	oldest, newest *Waiter[T]
	// chosen, when not nil, is next whoever comes: when its turn came, it wanted
	// more permits than were free. Without it small callers would take each
	// permit that comes back, and a large one would starve.
	chosen *Waiter[T]
	length int
	passed int // how many grants went to other classes since the last to this one
}

// due reports whether the class has been passed over so often that it comes
// before all others. All classes but one can be due at once, and have to wait
// for each other.
func (c *class[T]) due() bool { return c.passed >= floor-Classes }

// next returns who is served first.
func (c *class[T]) next(standing bool) *Waiter[T] {
	switch {
	case c.chosen != nil:
		return c.chosen
	case standing:
		return c.newest
	default:
		return c.oldest
	}
}

// last returns who is served last.
func (c *class[T]) last(standing bool) *Waiter[T] {
	last, other := c.newest, c.newest.older
	if standing {
		last, other = c.oldest, c.oldest.newer
	}
	if last == c.chosen && other != nil {
		return other
	}
	return last
}

// pick returns the class whose turn it is: the highest that is due, else the
// highest. It requires that somebody waits.
func (q *Queue[T]) pick() *class[T] {
	var top *class[T]
	for i := range q.classes {
		c := &q.classes[i]
		if c.length > 0 && (top == nil || c.due() || !top.due()) {
			top = c
		}
	}
	return top
}

// granted notes that c got a grant.
func (q *Queue[T]) granted(c *class[T]) {
	for i := range q.classes {
		other := &q.classes[i]
		other.passed = min(other.passed+1, floor)
	}
	c.passed = 0
}

// victim returns who loses its place to a newcomer of the class rank when the
// queue is full: the last to be served of the lowest class below rank. It
// returns nil if all of them are safe.
//
// A class that is due has a right to one place, whatever its rank: its only
// waiter is safe, and its first takes the place of any other. Otherwise the
// floor would be of no use to a class that never gets into a full queue.
func (q *Queue[T]) victim(rank int) *Waiter[T] {
	below := rank
	if c := &q.classes[rank]; c.due() && c.length == 0 {
		below = Classes
	}
	for i := range below {
		c := &q.classes[i]
		if c.length > 1 || c.length == 1 && !c.due() {
			return c.last(q.Standing())
		}
	}
	return nil
}

// surplus returns who leaves first when the capacity has shrunk. It requires
// that somebody waits.
func (q *Queue[T]) surplus() *Waiter[T] {
	i := 0
	for q.classes[i].length == 0 {
		i++
	}
	return q.classes[i].last(q.Standing())
}

// evict takes w out of the queue for the sake of another.
func (q *Queue[T]) evict(w *Waiter[T]) {
	q.counts.Evicted++
	q.unlink(w)
}

// link appends w as the newest of its class.
func (q *Queue[T]) link(w *Waiter[T]) {
	c := &q.classes[w.Class]
	w.queued, w.older, w.newer = true, c.newest, nil
	if c.newest == nil {
		c.oldest = w
	} else {
		c.newest.newer = w
	}
	c.newest = w
	c.length++
	q.length++
}

// unlink takes w out of its class.
func (q *Queue[T]) unlink(w *Waiter[T]) {
	c := &q.classes[w.Class]
	if w.older == nil {
		c.oldest = w.newer
	} else {
		w.older.newer = w.newer
	}
	if w.newer == nil {
		c.newest = w.older
	} else {
		w.newer.older = w.older
	}
	if c.chosen == w {
		c.chosen = nil
	}
	w.queued, w.older, w.newer = false, nil, nil
	c.length--
	q.length--
}
