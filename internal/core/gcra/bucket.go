package gcra

import (
	"math"
	"sync/atomic"
)

// MaxLimits is how many limits can apply at once.
const MaxLimits = 4

// sealed is the tat of a bucket that has been replaced. It is further ahead than
// any debt, so the path that grants need not ask for it.
const sealed = math.MaxInt64

// bucket is one limit and its state.
type bucket struct {
	Limit
	tat atomic.Int64
}

// take takes n tokens at the time now if the limit allows it. It returns the
// first time at which it does, which is now when they were taken; live is false
// when the bucket has been replaced.
func (b *bucket) take(now, n int64) (ready int64, live bool) {
	cost, fits := b.Cost(n)
	if !fits {
		return Never, true
	}
	m := b.Moment(now)
	for {
		tat := b.tat.Load()
		next, allowed := b.Limit.Take(tat, m, cost)
		if !allowed {
			return b.Ready(tat, cost), tat != sealed
		}
		if b.tat.CompareAndSwap(tat, next) {
			return now, true
		}
	}
}

// give gives cost back at the time now, up to a full bucket.
func (b *bucket) give(now, cost int64) {
	floor := b.Moment(now).Floor
	for {
		tat := b.tat.Load()
		if tat <= floor || b.tat.CompareAndSwap(tat, max(tat-cost, floor)) {
			return
		}
	}
}

// buckets are limits that apply together. A first bucket that is the only one
// changes without a lock; all else changes under the lock of the meter. Methods
// take the tat of the first bucket that they shall decide by.
type buckets struct {
	first bucket // with rest, one cache line
	rest  []bucket
}

func newBuckets(specs []Spec) *buckets {
	if len(specs) < 1 || len(specs) > MaxLimits {
		panic("gcra: want 1 to 4 limits")
	}
	b := &buckets{first: bucket{Limit: NewLimit(specs[0])}}
	if len(specs) > 1 {
		b.rest = make([]bucket, len(specs)-1)
	}
	for i, s := range specs[1:] {
		b.rest[i].Limit = NewLimit(s)
	}
	return b
}

func (b *buckets) len() int { return 1 + len(b.rest) }

func (b *buckets) at(i int) *bucket {
	if i == 0 {
		return &b.first
	}
	return &b.rest[i-1]
}

// replaced reports whether b is not, or will soon not be, in force. What was read
// from b before is valid if it is not: Update seals the first bucket before the
// others.
func (b *buckets) replaced() bool { return b.first.tat.Load() == sealed }

// ready returns the first time, from now on, at which all limits allow n tokens.
func (b *buckets) ready(tat, now, n int64) int64 {
	cost, fits := b.first.Cost(n)
	if !fits {
		return Never
	}
	at := max(now, b.first.Ready(tat, cost))
	for i := range b.rest {
		limit := &b.rest[i]
		cost, fits := limit.Cost(n)
		if !fits {
			return Never
		}
		at = max(at, limit.Ready(limit.tat.Load(), cost))
	}
	return at
}

// last returns the last time for which all limits can reserve tokens.
func (b *buckets) last() int64 {
	last := b.first.last()
	for i := range b.rest {
		last = min(last, b.rest[i].last())
	}
	return last
}

// available returns how many tokens all limits allow at the time now.
func (b *buckets) available(tat, now int64) int64 {
	n := b.first.Available(tat, b.first.Moment(now))
	for i := range b.rest {
		limit := &b.rest[i]
		n = min(n, limit.Available(limit.tat.Load(), limit.Moment(now)))
	}
	return n
}

// charge takes n tokens from every bucket at the time at, when all limits allow
// it, and returns the new tat of the first. It fails if that has changed.
func (b *buckets) charge(tat, at, n int64) (after int64, charged bool) {
	cost, _ := b.first.Cost(n)
	after, _ = b.first.Take(tat, b.first.Moment(at), cost)
	if !b.first.tat.CompareAndSwap(tat, after) {
		return 0, false
	}
	for i := range b.rest {
		limit := &b.rest[i]
		cost, _ := limit.Cost(n)
		next, _ := limit.Take(limit.tat.Load(), limit.Moment(at), cost)
		limit.tat.Store(next)
	}
	return after, true
}

// tats returns the state of every bucket.
func (b *buckets) tats(tat int64) (list [MaxLimits]int64) {
	list[0] = tat
	for i := range b.rest {
		list[i+1] = b.rest[i].tat.Load()
	}
	return list
}

// restore puts every bucket back to the state in list, if the first is at tat.
func (b *buckets) restore(tat int64, list [MaxLimits]int64) bool {
	if !b.first.tat.CompareAndSwap(tat, list[0]) {
		return false
	}
	for i := range b.rest {
		b.rest[i].tat.Store(list[i+1])
	}
	return true
}
