package gcra

import (
	"sync"
	"sync/atomic"
)

// Meter grants tokens under one limit, or under several at once, all or nothing.
//
// Under one limit, Take is one compare-and-swap to grant; under several, and for
// everything else that changes a meter, there is a mutex. To refuse is to load,
// under any number of limits. A Meter is safe for concurrent use. No number of
// tokens may be negative.
type Meter struct {
	current atomic.Pointer[buckets]

	mu       sync.Mutex
	queue    queue
	forgiven [MaxLimits]int64 // what Update forgave, in ticks
}

// NewMeter returns a meter of 1 to [MaxLimits] valid limits, all of them full.
func NewMeter(specs ...Spec) *Meter {
	m := &Meter{}
	m.current.Store(newBuckets(specs))
	return m
}

// Take takes n tokens at the time now if every limit allows it. It returns the
// first time at which they can be had: no later than now if they were taken,
// [Never] if n exceeds a burst. With n = 0 it takes nothing and tells when one
// token can be had.
func (m *Meter) Take(now, n int64) (ready int64) {
	if n == 0 {
		m.look(func(b *buckets) { ready = b.ready(b.first.tat.Load(), now, 1) })
		return ready
	}
	b := m.current.Load()
	if b.rest == nil {
		if ready, live := b.first.take(now, n); live {
			return ready
		}
	} else if ready := b.ready(b.first.tat.Load(), now, n); ready > now && !b.replaced() {
		return ready // no lock to refuse
	}
	r, _ := m.Reserve(now, n, 0)
	return r.At
}

// look calls see with the current buckets, once more if they were being replaced
// meanwhile.
func (m *Meter) look(see func(b *buckets)) {
	b := m.current.Load()
	see(b)
	if !b.replaced() {
		return
	}
	m.mu.Lock() // until Update has finished
	defer m.mu.Unlock()
	see(m.current.Load())
}

// TakeUpTo takes as many tokens as every limit allows at the time now, n at the
// most, and returns how many.
func (m *Meter) TakeUpTo(now, n int64) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.current.Load()
	for {
		tat := b.first.tat.Load()
		taken := min(n, b.available(tat, now))
		if taken == 0 {
			return 0
		}
		if _, charged := b.charge(tat, now, taken); charged {
			return taken
		}
	}
}

// Refund gives n tokens back at the time now, up to full buckets. While
// reservations wait it gives back what fits the burst beside the tokens that
// gather for them, and under several limits nothing: a limit that they do not
// wait for may be full by the time they run.
func (m *Meter) Refund(now, n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refund(now, n, [MaxLimits]int64{Never, Never, Never, Never})
}

// refund gives back n tokens without which each bucket would have been full from
// its tat in full on: what it would not have been refilled with since is lost. It
// requires m.mu.
func (m *Meter) refund(now, n int64, full [MaxLimits]int64) {
	b := m.current.Load()
	if m.queue.waits(now) && b.rest != nil {
		return
	}
	for i := range b.len() {
		limit := b.at(i)
		cost, fits := limit.Cost(n)
		if !fits {
			cost = limit.burst
		}
		cost = max(cost-max(limit.Moment(now).Floor-full[i], 0), 0)
		if m.queue.waits(now) {
			cost = m.queue.admit(cost, limit.burst)
		}
		limit.give(now, cost)
	}
}

// Update replaces the limits at the time now. Tokens spent stay spent, up to the
// new burst, and reservations keep their times. Limits are matched by their
// position; one that is new starts full.
func (m *Meter) Update(now int64, specs ...Spec) {
	m.mu.Lock()
	defer m.mu.Unlock()
	old, next := m.current.Load(), newBuckets(specs)
	var forgiven [MaxLimits]int64
	for i := range old.len() {
		from := old.at(i)
		tat := from.tat.Swap(sealed)
		if i >= next.len() {
			continue
		}
		at := max(now, m.queue.last)
		if tat <= from.Moment(at).Floor {
			at = now // nothing was reserved that late
		}
		at = max(at, from.Nanos(tat-from.burst)) // now may be a late reading
		to := next.at(i)
		tat, forgiven[i] = to.Carry(&from.Limit, tat, at, m.forgiven[i])
		to.tat.Store(tat)
	}
	m.forgiven = forgiven
	m.queue.replaced(next.first.burst)
	m.current.Store(next)
}

// Status describes each limit at the time now, and how many there are.
func (m *Meter) Status(now int64) (list [MaxLimits]Status, limits int) {
	m.look(func(b *buckets) {
		list, limits = [MaxLimits]Status{}, b.len()
		for i := range limits {
			list[i] = b.at(i).Status(b.at(i).tat.Load(), now)
		}
	})
	return list, limits
}
