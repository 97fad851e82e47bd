// Package permits hands out permits up to a limit, and parks callers who wait
// for one. It is the part of the bulkhead and of the adaptive limit that knows
// goroutines; who is next is decided by internal/core/waitq.
package permits

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/clock"
	"github.com/backstay-go/backstay/internal/core/waitq"
)

// MaxLimit is the largest limit of a pool.
const MaxLimit = 1<<31 - 1

// Pool is a number of permits. It is safe for concurrent use.
type Pool struct {
	clock.Clock

	// free is how many permits anybody may take without a lock. While somebody
	// waits it is lower by hidden, and so below zero: whoever comes must queue,
	// and whoever releases must wake. One word tells both, so that no permit is
	// released between a caller's look at it and its going to sleep.
	free  atomic.Int64
	limit atomic.Int64 // changes with mu held
	// doors has a bit for each class of which a caller may join the queue.
	doors atomic.Uint32

	mu     sync.Mutex
	hiding bool // free is lower by hidden
	queue  *waitq.Queue[chan waitq.Verdict]
}

// hidden is more than any number of permits, so that its half tells whether it
// was subtracted.
const hidden = 1 << 40

// New returns a pool of limit permits.
func New(limit int, config waitq.Config) *Pool {
	p := &Pool{Clock: clock.New(), queue: waitq.New[chan waitq.Verdict](config)}
	p.limit.Store(int64(limit))
	p.free.Store(int64(limit))
	p.doors.Store(p.queue.Admits())
	return p
}

// Limit returns the number of permits, free or held.
func (p *Pool) Limit() int { return int(p.limit.Load()) }

// Try takes n permits if they are free and nobody waits. It returns how many
// are left then, or a negative number when it took none.
func (p *Pool) Try(n int) int {
	for {
		free := p.free.Load()
		left := free - int64(n)
		if left < 0 || p.free.CompareAndSwap(free, left) {
			return int(left)
		}
	}
}

// Release gives n permits back, and reports whether somebody waits for them, in
// which case the caller must call Dispatch.
func (p *Pool) Release(n int) bool {
	free := p.free.Add(int64(n))
	if free > p.limit.Load() {
		p.check()
	}
	return free < -hidden/2
}

// check panics if more permits are free than there are. It is asked by those
// who saw that, but may have seen the limit and the permits of two moments.
func (p *Pool) check() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.free.Load() > p.limit.Load() {
		panic("permits: released more than was held")
	}
}

// Queues reports whether anybody may ever wait.
func (p *Pool) Queues() bool { return p.doors.Load() != 0 }

// Open reports whether a caller with ctx may join the queue. It is what makes a
// refusal cheap: no lock, no write.
func (p *Pool) Open(ctx context.Context) bool {
	doors := p.doors.Load()
	return doors == 1<<waitq.Classes-1 || doors != 0 && doors>>class(ctx)&1 != 0
}

// class maps the priority of ctx to a class of the queue.
func class(ctx context.Context) int {
	p := min(max(gate.PriorityOf(ctx), gate.Sheddable), gate.CriticalPlus)
	return int(p - gate.Sheddable)
}

// Wait takes n permits as soon as it is the caller's turn. Any verdict but
// waitq.Granted means that it took none; waitq.Waiting that ctx ended first.
func (p *Pool) Wait(ctx context.Context, now int64, n int) waitq.Verdict {
	w := &waitq.Waiter[chan waitq.Verdict]{
		Value:    make(chan waitq.Verdict, 1),
		Weight:   n,
		Class:    class(ctx),
		Deadline: waitq.NoDeadline,
	}
	if deadline, ok := ctx.Deadline(); ok {
		w.Deadline = p.At(deadline)
	}
	p.mu.Lock()
	p.hide()
	verdict, out := p.queue.Offer(now, w)
	if out != nil {
		out.Value <- waitq.Evicted
	}
	left := p.queue.Left(w)
	p.dispatch(now)
	p.mu.Unlock()
	if verdict != waitq.Waiting {
		return verdict
	}
	return p.park(ctx, w, time.Duration(left))
}

// park blocks until there is a verdict on w.
func (p *Pool) park(ctx context.Context, w *waitq.Waiter[chan waitq.Verdict], left time.Duration) waitq.Verdict {
	timer := time.NewTimer(left)
	defer timer.Stop()
	for {
		select {
		case verdict := <-w.Value:
			return verdict
		case <-ctx.Done():
			return p.leave(w)
		case <-timer.C:
			verdict, left := p.expire(w)
			if verdict != waitq.Waiting {
				return verdict
			}
			timer.Reset(left)
		}
	}
}

// leave takes w out of the queue, and returns Waiting; or the verdict, if one
// came before.
func (p *Pool) leave(w *waitq.Waiter[chan waitq.Verdict]) waitq.Verdict {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.queue.Leave(w) {
		return <-w.Value // sent before w was taken out of the queue
	}
	p.dispatch(p.Now())
	return waitq.Waiting
}

// expire ends the wait of w if its time is over.
func (p *Pool) expire(w *waitq.Waiter[chan waitq.Verdict]) (waitq.Verdict, time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case verdict := <-w.Value:
		return verdict, 0
	default:
	}
	now := p.Now()
	verdict, left := p.queue.Expire(now, w)
	if verdict != waitq.Waiting {
		p.dispatch(now)
	}
	return verdict, time.Duration(left)
}

// Dispatch wakes whoever is next.
func (p *Pool) Dispatch(now int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dispatch(now)
}

// dispatch is Dispatch. It requires p.mu. Meanwhile the number of held permits
// can only fall, since nobody else takes one while somebody waits; and whoever
// lets it fall comes here next.
func (p *Pool) dispatch(now int64) {
	for {
		w, verdict := p.queue.Next(now, p.available(), p.Limit())
		if w == nil {
			break
		}
		if verdict == waitq.Granted {
			p.free.Add(-int64(w.Weight))
		}
		w.Value <- verdict // never blocks: there is room for one, and one verdict
	}
	if p.hiding && p.queue.Len() == 0 {
		p.hiding = false
		p.free.Add(hidden)
	}
	if doors := p.queue.Admits(); doors != p.doors.Load() {
		p.doors.Store(doors)
	}
}

// hide keeps everybody from taking or releasing permits without the lock. It
// requires p.mu.
func (p *Pool) hide() {
	if !p.hiding {
		p.hiding = true
		p.free.Add(-hidden)
	}
}

// available returns how many permits are free; below zero after the limit
// shrank. It requires p.mu.
func (p *Pool) available() int {
	free := p.free.Load()
	if p.hiding {
		free += hidden
	}
	return int(free)
}

// Resize changes the limit, and wakes whoever fits in now. It returns the old
// limit. Permits above a smaller limit stay with their holders.
func (p *Pool) Resize(limit int) (old int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	old = p.Limit()
	p.limit.Store(int64(limit))
	p.free.Add(int64(limit - old))
	p.dispatch(p.Now())
	return old
}

// Configure changes the bounds of the queue.
func (p *Pool) Configure(config waitq.Config) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue.Configure(config)
	p.dispatch(p.Now())
}

// Observe tells the queue that a call took d nanoseconds, and returns what is
// known about calls.
func (p *Pool) Observe(d int64) waitq.Service {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue.Observe(d)
	return p.queue.Service()
}

// Queue is the state of the queue.
type Queue struct {
	Limit, Held       int
	Waiting, Capacity int
	Standing          bool
	Service           waitq.Service
	Counts            waitq.Counts
}

// Queue returns the state of the queue.
func (p *Pool) Queue() Queue {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Queue{
		Limit:    p.Limit(),
		Held:     p.Limit() - p.available(),
		Waiting:  p.queue.Len(),
		Capacity: p.queue.Capacity(),
		Standing: p.queue.Standing(p.Now()),
		Service:  p.queue.Service(),
		Counts:   p.queue.Counts(),
	}
}
