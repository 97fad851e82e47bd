package gcra

// maxPatience bounds how far ahead tokens can be reserved, in nanoseconds.
const maxPatience = maxSpan

// A Reservation is a number of tokens that belong to a caller from the time At
// on.
type Reservation struct {
	At int64

	n       int64
	partial bool             // another reservation has a part of the slot
	epoch   uint64           // of the queue, when the slot was made
	last    int64            // of the queue, before
	after   int64            // the tat of the first bucket behind the slot
	before  [MaxLimits]int64 // the tat of each bucket ahead of it
}

// Reserve takes n tokens that can be had within patience of now, and returns
// them with the time from which they may be used. If that would be later,
// Reserve takes nothing and At tells it; [Never] means that n exceeds a burst.
//
// Reservations are served in order, except that a slot that was given up goes to
// the next that fits it.
func (m *Meter) Reserve(now, n, patience int64) (r Reservation, taken bool) {
	now = max(now, 0)
	if n == 0 {
		return Reservation{At: now}, true
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	until := now + min(patience, maxPatience)
	if patience > 0 {
		until = min(until, max(now, m.current.Load().last()))
	}
	if i := m.queue.find(now, n); i >= 0 {
		if at := m.queue.holes[i].At; at > until {
			return Reservation{At: at}, false
		}
		return m.queue.fill(i, n), true
	}
	return m.enqueue(now, n, until)
}

// enqueue reserves behind all others. It requires m.mu.
func (m *Meter) enqueue(now, n, until int64) (r Reservation, taken bool) {
	b := m.current.Load()
	for {
		tat := b.first.tat.Load()
		r.At = b.ready(tat, now, n)
		if r.At > until {
			return r, false
		}
		before := b.tats(tat)
		after, charged := b.charge(tat, r.At, n)
		if !charged {
			continue // a call that need not wait came in between
		}
		level := b.first.burst - tat + b.first.Moment(r.At).Ceil
		r = Reservation{At: r.At, n: n, epoch: m.queue.epoch, last: m.queue.last, after: after, before: before}
		m.queue.join(now, &r, level)
		return r, true
	}
}

// Cancel gives up a reservation at the time now; it must be called once at the
// most. If r was the last, all is as if it had not been made. If others wait
// behind it, its slot is kept for the next who reserves. If its time had come,
// those of its tokens are refunded that time has not brought back yet.
func (m *Meter) Cancel(now int64, r Reservation) {
	if r.n == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.retract(&r):
		// The slots before it may have been given up already.
		for n := len(m.queue.holes); n > 0 && m.retract(&m.queue.holes[n-1]); n-- {
			m.queue.holes = m.queue.holes[:n-1]
		}
	case r.At > now:
		cost, _ := m.current.Load().first.Cost(r.n)
		m.queue.open(r, cost)
	default:
		m.refund(now, r.n, m.fullWithout(&r))
	}
}

// fullWithout returns, for each bucket, the earliest tat it can have had without
// r. It requires m.mu.
func (m *Meter) fullWithout(r *Reservation) (full [MaxLimits]int64) {
	b := m.current.Load()
	for i := range b.len() {
		full[i] = b.at(i).Moment(r.At).Ceil
		if r.epoch == m.queue.epoch { // the buckets are still those of before
			full[i] = max(full[i], r.before[i])
		}
	}
	return full
}

// retract undoes r if nothing was taken or given back since. It requires m.mu.
func (m *Meter) retract(r *Reservation) bool {
	if r.partial || r.epoch != m.queue.epoch || !m.current.Load().restore(r.after, r.before) {
		return false
	}
	m.queue.last = r.last
	return true
}
