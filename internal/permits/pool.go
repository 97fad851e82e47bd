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

	// state is held<<32 | limit<<1 | waiting. In one word, because who takes a
	// permit must know that it is free and that nobody is before him, and who
	// releases one must know whether to wake somebody: both without a lock.
	state atomic.Uint64
	// doors has a bit for each class of which a caller may join the queue.
	doors atomic.Uint32

	mu    sync.Mutex // held while the waiting bit changes
	queue *waitq.Queue[chan waitq.Verdict]
}

const (
	waiting = 1 // somebody waits: whoever comes must queue, whoever releases must wake
	one     = 1 << 32
)

func unpack(state uint64) (held, limit int) {
	return int(state >> 32), int(state >> 1 & MaxLimit)
}

// New returns a pool of limit permits.
func New(limit int, config waitq.Config) *Pool {
	p := &Pool{Clock: clock.New(), queue: waitq.New[chan waitq.Verdict](config)}
	p.state.Store(uint64(limit) << 1)
	p.doors.Store(p.queue.Admits())
	return p
}

// Load returns the number of permits held and the limit.
func (p *Pool) Load() (held, limit int) { return unpack(p.state.Load()) }

// Try takes n permits if they are free and nobody waits. It returns how many
// are left then, or a negative number when it took none.
func (p *Pool) Try(n int) int {
	for {
		s := p.state.Load()
		held, limit := unpack(s)
		left := limit - held - n
		if left < 0 || s&waiting != 0 {
			return -1
		}
		if p.state.CompareAndSwap(s, s+uint64(n)*one) {
			return left
		}
	}
}

// Release gives n permits back, and reports whether somebody waits for them, in
// which case the caller must call Dispatch.
func (p *Pool) Release(n int) bool {
	s := p.state.Add(-uint64(n) * one)
	if int64(s) < 0 {
		p.state.Add(uint64(n) * one)
		panic("permits: released more than was held")
	}
	return s&waiting != 0
}

// Queues reports whether anybody may ever wait.
func (p *Pool) Queues() bool { return p.doors.Load() != 0 || p.state.Load()&waiting != 0 }

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
	p.state.Or(waiting) // from here on, whoever releases a permit waits for the lock
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
		held, limit := p.Load()
		w, verdict := p.queue.Next(now, limit-held, limit)
		if w == nil {
			break
		}
		if verdict == waitq.Granted {
			p.state.Add(uint64(w.Weight) * one)
		}
		w.Value <- verdict // never blocks: there is room for one, and one verdict
	}
	if p.queue.Len() == 0 {
		p.state.And(^uint64(waiting))
	}
	if doors := p.queue.Admits(); doors != p.doors.Load() {
		p.doors.Store(doors)
	}
}

// Resize changes the limit, and wakes whoever fits in now. It returns the old
// limit. Permits above a smaller limit stay with their holders.
func (p *Pool) Resize(limit int) (old int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		s := p.state.Load()
		_, old = unpack(s)
		if p.state.CompareAndSwap(s, s-uint64(old)<<1+uint64(limit)<<1) {
			break
		}
	}
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
		Waiting:  p.queue.Len(),
		Capacity: p.queue.Capacity(),
		Standing: p.queue.Standing(p.Now()),
		Service:  p.queue.Service(),
		Counts:   p.queue.Counts(),
	}
}
