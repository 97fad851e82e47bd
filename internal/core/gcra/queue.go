package gcra

import (
	"cmp"
	"slices"
)

// maxHoles bounds the slots of cancelled reservations that are kept for others.
const maxHoles = 4096

// queue is what a meter knows of the reservations that wait. It belongs to the
// meter's lock.
type queue struct {
	// last is the latest time for which tokens are reserved.
	last int64
	// gather is the most ticks that the bucket holds for a reservation before it
	// is due, and spare those that were given back or given up meanwhile. What is
	// refunded must fit the burst beside both.
	gather, spare int64
	// epoch counts the events after which the state of the buckets alone does
	// not tell whether an older reservation is the last.
	epoch uint64
	// holes are the slots that were given up while others stood behind them, by
	// time.
	holes []Reservation
}

// waits reports whether tokens are reserved for a time after now.
func (q *queue) waits(now int64) bool { return q.last > now }

// join notes a reservation made at the time now, for which level ticks gather.
func (q *queue) join(now int64, r *Reservation, level int64) {
	if r.At <= now {
		return
	}
	if !q.waits(now) {
		q.gather, q.spare = 0, 0
	}
	q.gather = max(q.gather, level)
	q.last = max(q.last, r.At)
}

// admit returns how much of a refund of cost fits a bucket of burst.
func (q *queue) admit(cost, burst int64) int64 {
	cost = min(cost, max(burst-q.gather-q.spare, 0))
	q.spare += cost
	q.epoch++
	return cost
}

// replaced notes that the limits changed: until those who wait are served, no
// refund is known to fit the new burst.
func (q *queue) replaced(burst int64) {
	q.gather = burst
	q.epoch++
}

// open offers the slot of r, worth cost ticks, to others.
func (q *queue) open(r Reservation, cost int64) {
	q.spare += cost
	if len(q.holes) == maxHoles {
		return // lost until its time has passed
	}
	i, _ := slices.BinarySearchFunc(q.holes, r.At, func(hole Reservation, at int64) int {
		return cmp.Compare(hole.At, at)
	})
	q.holes = slices.Insert(q.holes, i, r)
}

// find returns the first hole that is not past and holds n tokens, or -1.
func (q *queue) find(now, n int64) int {
	past := 0
	for past < len(q.holes) && q.holes[past].At < now {
		past++
	}
	q.holes = slices.Delete(q.holes, 0, past)
	return slices.IndexFunc(q.holes, func(hole Reservation) bool { return hole.n >= n })
}

// fill takes n tokens of the hole i.
func (q *queue) fill(i int, n int64) Reservation {
	r := q.holes[i]
	if r.n == n {
		q.holes = slices.Delete(q.holes, i, i+1)
		return r
	}
	r.partial, q.holes[i].partial = true, true
	q.holes[i].n -= n
	r.n = n
	return r
}
