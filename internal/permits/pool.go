// Package permits hands out permits up to a limit, and parks callers who wait
// for one. It is the part of the bulkhead and of the adaptive limit that knows
// goroutines; who is next is decided by internal/core/waitq.
package permits

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/clock"
	"github.com/backstay-go/backstay/internal/core/waitq"
)

// MaxLimit is the largest limit of a pool.
const MaxLimit = 1<<31 - 1

// Pool is a number of permits. It is safe for concurrent use.
type Pool struct {
	clock.Clock

	// free is how many permits anybody may take without the lock. While somebody
	// waits it is lower by hidden, and so below zero: whoever comes must queue,
	// and whoever releases must wake. One word says both, so that no permit can
	// come back unseen between a caller's look for it and its going to sleep.
	//
	// Against a mutex in the same place, two cores that contend take and release
	// a permit in less than half the time.
	free  atomic.Int64
	limit atomic.Int64 // changes with mu held
	// open is the set of classes of which a caller may join the queue, so that
	// refusing takes no lock and writes nothing. It changes with mu held.
	open atomic.Uint32

	mu     sync.Mutex
	hiding bool // free is lower by hidden
	queue  *waitq.Queue[chan waitq.Verdict]
}

// hidden is so much more than any number of permits that its half tells whether
// it has been subtracted.
const hidden = 1 << 40

// New returns a pool of limit permits.
func New(limit int, bounds waitq.Bounds) *Pool {
	p := &Pool{Clock: clock.New(), queue: waitq.New[chan waitq.Verdict](bounds)}
	p.limit.Store(int64(limit))
	p.free.Store(int64(limit))
	p.open.Store(p.queue.Admits())
	return p
}

// Limit returns the number of permits, free or held.
func (p *Pool) Limit() int { return int(p.limit.Load()) }

// Try takes n permits if they are free and nobody waits. It returns how many
// are left then, or a negative number if it took none.
func (p *Pool) Try(n int) (left int64) {
	for {
		free := p.free.Load()
		left := free - int64(n)
		if left < 0 || p.free.CompareAndSwap(free, left) {
			return left
		}
	}
}

// Release gives n permits back, and reports whether somebody waits for them: if
// so, Dispatch must follow. It panics if fewer were held.
func (p *Pool) Release(n int) (waiting bool) {
	free := p.free.Add(int64(n))
	if free > p.limit.Load() {
		p.check(n)
	}
	return free < -hidden/2
}

// check panics if more permits are free than there are, and takes back the n just
// released: otherwise the next who releases would panic in turn. Its caller saw
// that, but may have seen the permits before the limit changed, and the limit
// after.
func (p *Pool) check(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.free.Load() > p.limit.Load() {
		p.free.Add(-int64(n))
		panic("permits: released more than were held")
	}
}

// ReleaseTimed is Release and Dispatch at the time now for a call that took d,
// which tells the queue how long calls take. It returns how long a typical one
// does.
func (p *Pool) ReleaseTimed(n int, now, d int64) (typical int64) {
	p.Release(n)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue.Observe(now, d)
	p.dispatch(now)
	return p.queue.Typical()
}

// Dispatch wakes all whose turn it is.
func (p *Pool) Dispatch(now int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dispatch(now)
}

// dispatch is Dispatch. It requires p.mu. While it runs and somebody waits, the
// number of free permits can only grow, since nobody else takes any; and whoever
// makes it grow comes here next.
func (p *Pool) dispatch(now int64) {
	for {
		w, verdict := p.queue.Next(now, p.available(), p.Limit())
		if w == nil {
			break
		}
		if verdict == waitq.Granted {
			p.free.Add(-int64(w.Weight))
		}
		w.Value <- verdict // has room for the one verdict that a waiter gets
	}
	if p.hiding && p.queue.Len() == 0 {
		p.hiding = false
		p.free.Add(hidden)
	}
	if open := p.queue.Admits(); open != p.open.Load() {
		p.open.Store(open)
	}
}

// hide keeps everybody from taking permits without the lock, and lets those who
// release one know that somebody waits. It requires p.mu.
func (p *Pool) hide() {
	if !p.hiding {
		p.hiding = true
		p.free.Add(-hidden)
	}
}

// available returns how many permits are free; after the limit shrank, that can
// be less than none. It requires p.mu.
func (p *Pool) available() int {
	free := p.free.Load()
	if p.hiding {
		free += hidden
	}
	return int(free)
}

// Resize changes the limit, and wakes all who fit in now. It returns the old
// limit. Holders keep their permits, also above a smaller limit.
func (p *Pool) Resize(limit int) (old int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	old = p.Limit()
	p.limit.Store(int64(limit))
	p.free.Add(int64(limit - old))
	p.dispatch(p.Now())
	return old
}

// SetBounds changes the bounds of the queue. Those who find no place in a
// smaller one are woken with the verdict Evicted.
func (p *Pool) SetBounds(bounds waitq.Bounds) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue.SetBounds(bounds)
	p.dispatch(p.Now())
}

// State is a pool at one moment.
type State struct {
	Limit, Held int
	Queue       waitq.State
}

// State returns the state of p.
func (p *Pool) State() State {
	p.mu.Lock()
	defer p.mu.Unlock()
	limit := p.Limit()
	return State{Limit: limit, Held: limit - p.available(), Queue: p.queue.State(p.Now())}
}

// Queues reports whether a caller of any class may wait.
func (p *Pool) Queues() bool { return p.open.Load() != 0 }

// Open reports whether the queue has a place for a caller with ctx.
func (p *Pool) Open(ctx context.Context) bool {
	open := p.open.Load()
	if open == 0 || open == waitq.AllClasses {
		return open != 0 // the priority does not matter, and takes time to find
	}
	return open>>class(ctx)&1 != 0
}

// class maps the priority of ctx to a class of the queue.
func class(ctx context.Context) int {
	p := min(max(gate.PriorityOf(ctx), gate.Sheddable), gate.CriticalPlus)
	return int(p - gate.Sheddable)
}
