package keytable

import (
	"math/bits"
	"sync"
	"sync/atomic"

	"github.com/backstay-go/backstay/internal/core/gcra"
)

// keysPerLine is how many busy keys a line is meant for. At that load nearly one
// key in a hundred finds no room.
const keysPerLine = 4

// minLines keeps small tables from crowding.
const minLines = linesPerStripe

// Table limits each of many keys, under one limit or several at once, all or
// nothing. Keys are known by their hash only, which must be well mixed and
// secret to those who choose keys. A Table is safe for concurrent use.
type Table struct {
	lines   int
	current atomic.Pointer[generation]
	mu      sync.Mutex // of Update
}

// New returns a table for maxKeys keys that are busy at the same time, at which
// reservations can be made up to patience nanoseconds ahead.
func New(maxKeys int, patience int64, specs ...gcra.Spec) *Table {
	t := &Table{lines: max((maxKeys-1)/keysPerLine+1, minLines)}
	t.current.Store(newGeneration(t.lines, patience, 0, 0, specs))
	return t
}

// generation is the limits of a table between two updates.
type generation struct {
	first    grid // used without a lock when it is the only one
	rest     []grid
	patience int64
	until    int64 // no reservation under earlier limits is later
}

func newGeneration(lines int, patience, now, until int64, specs []gcra.Spec) *generation {
	if len(specs) < 1 || len(specs) > gcra.MaxLimits {
		panic("keytable: want 1 to 4 limits")
	}
	g := &generation{patience: patience, until: until}
	for i, s := range specs {
		limit := limitFor(s, patience, max(patience, until-now))
		g.patience = min(g.patience, limit.Nanos(horizon-limit.Burst()))
		if i == 0 {
			g.first = newGrid(limit, lines, now)
			continue
		}
		g.rest = append(g.rest, newGrid(limit, lines, now))
	}
	return g
}

// horizon is how far ahead a tat may be, with room for rounding.
const horizon = quarter - 4

// limitFor returns s in the finest ticks in which burst and patience fit the
// horizon: exact ones, if they reach as far ahead as there are reservations, or
// else a power of ten of nanoseconds. A tick is no longer than a token's time;
// where that alone is too fine, the table's patience must be cut.
func limitFor(s gcra.Spec, patience, ahead int64) gcra.Limit {
	if limit, ok := gcra.Exact(s); ok && fits(&limit, ahead) {
		return limit
	}
	token := (s.Period-1)/s.Count + 1
	for tick := int64(1); ; tick *= 10 {
		limit := gcra.Rounded(s, tick)
		if fits(&limit, patience) || tick >= token {
			return limit
		}
	}
}

func fits(limit *gcra.Limit, patience int64) bool {
	return patience <= limit.Nanos(horizon) && limit.Burst()+limit.Moment(patience).Ceil <= horizon
}

func (g *generation) len() int { return 1 + len(g.rest) }

func (g *generation) at(i int) *grid {
	if i == 0 {
		return &g.first
	}
	return &g.rest[i-1]
}

// address says where the state of a key belongs.
type address struct {
	line        int
	fingerprint uint64
}

func (a address) stripe() int { return a.line / linesPerStripe }

func (t *Table) address(hash uint64) address {
	line, _ := bits.Mul64(hash, uint64(t.lines))
	return address{int(line), fingerprint(hash)}
}

// Take takes n tokens of a key at the time now if every limit allows it. It
// returns the first time at which they can be had: no later than now if they
// were taken, [gcra.Never] if n exceeds a burst. With n = 0 it takes nothing and
// tells when one token can be had. The number must not be negative.
func (t *Table) Take(hash uint64, now, n int64) (ready int64) {
	if n == 0 {
		r, _ := t.Reserve(hash, now, 1, -1) // too impatient to be given any
		return r.At
	}
	if g := t.current.Load(); g.rest == nil {
		if ready, found := g.first.take(t.address(hash), now, n); found {
			return ready
		}
	}
	r, _ := t.Reserve(hash, now, n, 0)
	return r.At
}

// lock locks the stripe of a key, and returns the limits that it belongs to.
func (t *Table) lock(at address) (*generation, *stripe) {
	g, s := t.current.Load().lock(at)
	if !s.retired {
		return g, s
	}
	s.mu.Unlock()
	t.mu.Lock() // until Update has finished; it comes before the lock of a stripe
	defer t.mu.Unlock()
	return t.current.Load().lock(at)
}

func (g *generation) lock(at address) (*generation, *stripe) {
	s := &g.first.stripes[at.stripe()]
	s.mu.Lock()
	return g, s
}

// Status describes each limit of a key at the time now, and how many there are.
func (t *Table) Status(hash uint64, now int64) (list [gcra.MaxLimits]gcra.Status, limits int) {
	at := t.address(hash)
	g, s := t.lock(at)
	defer s.mu.Unlock()
	for i := range g.len() {
		grid := g.at(i)
		list[i] = grid.limit.Status(grid.locate(at, now).tat, now)
	}
	return list, g.len()
}
