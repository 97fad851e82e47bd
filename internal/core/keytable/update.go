package keytable

import "github.com/backstay-go/backstay/internal/core/gcra"

// Update replaces the limits of all keys at the time now. Tokens spent stay
// spent, up to the new burst, and reservations keep their times. Limits are
// matched by their position; one that is new starts full. Update holds a second
// table until it is done, and calls that come meanwhile wait for it.
func (t *Table) Update(now, patience int64, specs ...gcra.Spec) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now = max(now, 0)
	old := t.current.Load()
	next := newGeneration(t.lines, patience, now, max(old.until, now+old.patience), specs)
	for i := range old.first.stripes {
		s := &old.first.stripes[i]
		s.mu.Lock()
		s.retired = true
		for j := range min(old.len(), next.len()) {
			next.at(j).inherit(old.at(j), i, now)
		}
		s.mu.Unlock()
	}
	t.current.Store(next)
}

// inherit takes over a stripe of old. It requires the lock of the stripe.
func (g *grid) inherit(old *grid, index int, now int64) {
	floor := old.limit.Moment(now).Floor
	old.sweep(index, floor)
	from, to := old.linesOf(index), g.linesOf(index)
	for i := range from {
		at := index*linesPerStripe + i
		g.overflow[at] = g.carry(old, old.overflow[at], now)
		for j := range from[i] {
			word := from[i][j].Swap(moved)
			if word == 0 {
				continue
			}
			if tat := g.carry(old, unpack(word, floor), now); tat > 0 {
				to[i][j].Store(pack(word>>tatBits, tat))
			}
		}
	}
	s, before := &g.stripes[index], &old.stripes[index]
	s.forgotten = g.limit.Moment(now).Ceil
	s.crowded = before.crowded
}

// carry converts the tat of a bucket under the limit of old.
func (g *grid) carry(old *grid, tat, now int64) int64 {
	if tat <= old.limit.Moment(now).Floor {
		return 0
	}
	// A key that owes more than a burst has reservations until then.
	at := max(now, old.limit.Nanos(tat-old.limit.Burst()))
	next, _ := g.limit.Carry(&old.limit, tat, at, 0)
	return min(next, g.limit.Moment(now).Floor+quarter-1)
}
