package keytable

import (
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/backstay-go/backstay/internal/core/gcra"
)

// linesPerStripe is how many lines share a lock and an overflow.
const linesPerStripe = 64

// stripe is what neighbouring lines share. It fills a cache line.
type stripe struct {
	quarter atomic.Uint32 // in which the lines were swept last, counted since the epoch

	mu      sync.Mutex // those of the first grid guard all of their generation
	retired bool       // the table has been replaced
	// forgotten is the latest tat that was forgotten. A reading that is earlier
	// comes too late: the key it is for may have been full only from then on.
	forgotten int64
	crowded   uint64 // how many calls of keys without a word were decided
	_         [32]byte
}

// grid is one limit for each key.
type grid struct {
	limit    gcra.Limit
	lines    []line
	stripes  []stripe
	overflow []int64 // for each line, the tat of the bucket that keys without a word share
}

func newGrid(limit gcra.Limit, lines int, now int64) grid {
	g := grid{
		limit:    limit,
		lines:    make([]line, lines),
		stripes:  make([]stripe, (lines-1)/linesPerStripe+1),
		overflow: make([]int64, lines),
	}
	for i := range g.stripes {
		g.stripes[i].quarter.Store(quarterOf(limit.Moment(now).Floor))
	}
	return g
}

// bytes returns the memory that g keeps.
func (g *grid) bytes() int {
	const word = 8
	return len(g.lines)*int(unsafe.Sizeof(line{})) + len(g.stripes)*int(unsafe.Sizeof(stripe{})) + len(g.overflow)*word
}

func quarterOf(ticks int64) uint32 { return uint32(ticks >> quarterBits) }

// take takes n tokens of a key that has a word, without a lock. It returns the
// first time at which the limit allows that, which is now when they were taken;
// found is false when the key has no word, or its words and now are of different
// quarters of the ring.
func (g *grid) take(at address, now, n int64) (ready int64, found bool) {
	cost, fits := g.limit.Cost(n)
	if !fits {
		return gcra.Never, true
	}
	m := g.limit.Moment(now)
	if quarterOf(m.Floor) != g.stripes[at.stripe()].quarter.Load() {
		return 0, false // new, or so late that it is far from the words
	}
	for {
		slot, word := g.lines[at.line].find(at.fingerprint)
		if slot == nil {
			return 0, false
		}
		tat := unpack(word, m.Floor)
		next, allowed := g.limit.Take(tat, m, cost)
		if !allowed {
			return g.limit.Ready(tat, cost), true
		}
		if slot.CompareAndSwap(word, pack(at.fingerprint, next)) {
			return now, true
		}
	}
}

// place is where the state of a key is, or would be.
type place struct {
	slot  *atomic.Uint64 // nil for the overflow
	word  uint64         // what the slot holds
	tat   int64
	owned bool // the slot holds the state of this key
}

// locate returns the place of a key. It requires the lock of the stripe.
func (g *grid) locate(at address, now int64) place {
	s := &g.stripes[at.stripe()]
	floor := g.limit.Moment(now).Floor
	g.sweep(at.stripe(), floor)
	floor = max(floor, s.forgotten)
	line := &g.lines[at.line]
	if slot, word := line.find(at.fingerprint); slot != nil {
		return place{slot, word, unpack(word, floor), true}
	}
	slot, word := line.vacancy(floor)
	return place{slot, word, g.overflow[at.line], false}
}

// charge takes cost from the key at p at the given time. It fails if the word has
// changed. It requires the lock of the stripe.
func (g *grid) charge(p place, at address, time, cost int64) (after int64, charged bool) {
	s := &g.stripes[at.stripe()]
	m := g.limit.Moment(time)
	m.Floor, m.Ceil = max(m.Floor, s.forgotten), max(m.Ceil, s.forgotten)
	after, _ = g.limit.Take(p.tat, m, cost)
	if p.slot == nil {
		g.overflow[at.line] = after
		return after, true
	}
	if !p.slot.CompareAndSwap(p.word, pack(at.fingerprint, after)) {
		return 0, false
	}
	if !p.owned && p.word != 0 {
		s.forgotten = max(s.forgotten, unpack(p.word, m.Floor))
	}
	return after, true
}

// restore puts the key at p back to the state before, if it is still in the
// state after. It requires the lock of the stripe.
func (g *grid) restore(p place, at address, now, after, before int64) {
	s := &g.stripes[at.stripe()]
	floor := g.limit.Moment(now).Floor
	switch {
	case p.slot == nil && g.overflow[at.line] == after:
		g.overflow[at.line] = before
	case p.owned && before <= floor && p.slot.CompareAndSwap(pack(at.fingerprint, after), 0):
		s.forgotten = max(s.forgotten, before)
	case p.owned && before > floor:
		p.slot.CompareAndSwap(pack(at.fingerprint, after), pack(at.fingerprint, before))
	}
}

// sweep frees the words of full buckets in a stripe if none has in this quarter
// of the ring. A word that is kept then is less than half the ring from any time
// before the next sweep. It requires the lock of the stripe.
func (g *grid) sweep(index int, floor int64) {
	s := &g.stripes[index]
	now, last := quarterOf(floor), s.quarter.Load()
	if now <= last {
		return
	}
	lines := g.linesOf(index)
	for i := range lines {
		for j := range lines[i] {
			slot := &lines[i][j]
			// Nothing is busy for more than a quarter without being touched.
			for word := slot.Load(); word != 0 && (now > last+1 || unpack(word, floor) <= floor); word = slot.Load() {
				slot.CompareAndSwap(word, 0)
			}
		}
	}
	s.forgotten = max(s.forgotten, floor)
	s.quarter.Store(now)
}

// linesOf returns the lines of a stripe.
func (g *grid) linesOf(index int) []line {
	first := index * linesPerStripe
	return g.lines[first:min(first+linesPerStripe, len(g.lines))]
}
