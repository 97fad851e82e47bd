package waitq

import "math"

// Classes is the number of classes, from 0 (the first to be dropped) up.
const Classes = 4

// NoDeadline is the Deadline of a waiter that has none.
const NoDeadline = math.MaxInt64

// floor is the share of grants that a class with waiters gets whatever its
// rank: one in so many.
const floor = 100

// Waiter is a caller in a queue. Its exported fields are set before Offer and
// do not change while it waits.
type Waiter[T any] struct {
	Value    T
	Weight   int   // how many permits it wants, at least 1
	Class    int   // below Classes
	Deadline int64 // when its caller stops waiting for the result, or NoDeadline

	expires      int64 // when it has waited too long
	bound        int64 // expires, but for the short timeout of a standing queue
	older, newer *Waiter[T]
	queued       bool
}

// class holds the waiters of one class by age.
type class[T any] struct {
	oldest, newest *Waiter[T]
	// chosen, when not nil, is next whatever comes: it wants more permits than
	// were free when its turn came.
	chosen *Waiter[T]
	length int
	passed int // how many grants went to other classes since its last one, at most floor
}

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

// due reports whether the class has been passed over so often that it is next.
func (c *class[T]) due() bool { return c.passed >= floor-1 }

// pick returns the class whose turn it is. It requires that somebody waits.
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

// victim returns who would lose its place to a newcomer of the class rank when
// the queue is full, or nil: the last to be served of the lowest class below
// rank. For one waiter of a class that is due there is always a place, or the
// floor would be of no use to a class that never gets into the queue.
func (q *Queue[T]) victim(rank int) *Waiter[T] {
	below := rank
	if q.classes[rank].due() && q.classes[rank].length == 0 {
		below = Classes
	}
	for i := range below {
		c := &q.classes[i]
		if c.length == 0 || c.length == 1 && c.due() {
			continue
		}
		return c.last(q.Standing(q.now))
	}
	return nil
}

// surplus returns who leaves when the capacity has shrunk.
func (q *Queue[T]) surplus() *Waiter[T] {
	for i := range q.classes {
		if c := &q.classes[i]; c.length > 0 {
			return c.last(q.Standing(q.now))
		}
	}
	return nil
}

// Admits returns the classes, as a set of bits, of which a newcomer would get a
// place now.
func (q *Queue[T]) Admits() uint32 {
	if q.length < q.config.Capacity {
		return 1<<Classes - 1
	}
	var set uint32
	if q.length > 0 {
		for rank := range Classes {
			if q.victim(rank) != nil {
				set |= 1 << rank
			}
		}
	}
	return set
}

// granted notes that c got a grant and the others did not.
func (q *Queue[T]) granted(c *class[T]) {
	for i := range q.classes {
		other := &q.classes[i]
		other.passed = min(other.passed+1, floor)
	}
	c.passed = 0
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
