package keytable

import "github.com/backstay-go/backstay/internal/core/gcra"

// A Reservation is a number of tokens of a key that belong to a caller from the
// time At on.
type Reservation struct {
	At int64

	address address
	limits  *generation
	// The tat under each limit, without the reservation and with it.
	before, after [gcra.MaxLimits]int64
}

// Reserve takes n tokens of a key that can be had within patience of now, and
// returns them with the time from which they may be used. If that would be
// later, Reserve takes nothing and At tells it; [gcra.Never] means that n
// exceeds a burst. No reservation is made further ahead than the patience of the
// table. The number n must be above zero.
func (t *Table) Reserve(hash uint64, now, n, patience int64) (r Reservation, taken bool) {
	now = max(now, 0)
	at := t.address(hash)
	g, s := t.lock(at)
	defer s.mu.Unlock()
	until := now + min(patience, g.patience)
	for {
		places, ready := g.locate(at, now, n)
		if ready == gcra.Never || patience < 0 {
			return Reservation{At: ready}, false
		}
		if ready <= until {
			if r, taken = g.charge(places, at, ready, n); !taken {
				continue // the key was used without the lock
			}
		}
		if places[0].slot == nil {
			s.crowded++
		}
		r.At = ready
		return r, taken
	}
}

// locate returns the place of a key under each limit, and the first time from
// now on at which all allow n tokens. It requires the lock of the stripe.
func (g *generation) locate(at address, now, n int64) (places [gcra.MaxLimits]place, ready int64) {
	ready = now
	for i := range g.len() {
		grid := g.at(i)
		cost, fits := grid.limit.Cost(n)
		if !fits {
			return places, gcra.Never
		}
		places[i] = grid.locate(at, now)
		ready = max(ready, grid.limit.Ready(places[i].tat, cost))
	}
	return places, ready
}

// charge takes n tokens at the given time under each limit. It fails if the
// first place has changed, and only it can: it is the only one wherever words
// change without the lock of the stripe, which charge requires.
func (g *generation) charge(places [gcra.MaxLimits]place, at address, time, n int64) (r Reservation, charged bool) {
	r = Reservation{address: at, limits: g}
	for i := range g.len() {
		grid := g.at(i)
		cost, _ := grid.limit.Cost(n)
		r.before[i] = places[i].tat
		if r.after[i], charged = grid.charge(places[i], at, time, cost); !charged {
			return r, false
		}
	}
	return r, true
}

// Cancel gives up a reservation at the time now; it must be called once at the
// most. Under each limit all is as if it had not been made, unless the key was
// used since: then its tokens are lost, and refilled when they would have been.
func (t *Table) Cancel(now int64, r Reservation) {
	g, s := t.lock(r.address)
	defer s.mu.Unlock()
	if g != r.limits {
		return // made under limits that have been replaced
	}
	for i := range g.len() {
		grid := g.at(i)
		grid.restore(grid.locate(r.address, now), r.address, now, r.after[i], r.before[i])
	}
}
