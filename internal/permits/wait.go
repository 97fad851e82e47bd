package permits

import (
	"context"
	"time"

	"github.com/backstay-go/backstay/internal/core/waitq"
)

// waiter is a caller in the queue. Its channel takes the one verdict on it,
// which is sent with the lock of the pool held, after it has left the queue.
//
// Waiters are not kept for reuse: channels and timers belong to the synctest
// bubble they were made in, and a pool that serves two tests would carry them
// from one to the other, which is fatal.
type waiter = waitq.Waiter[chan waitq.Verdict]

func (p *Pool) waiter(ctx context.Context, n int) *waiter {
	w := &waiter{
		Value:    make(chan waitq.Verdict, 1),
		Weight:   n,
		Class:    class(ctx),
		Deadline: waitq.NoDeadline,
	}
	if deadline, ok := ctx.Deadline(); ok {
		w.Deadline = p.At(deadline)
	}
	return w
}

// Wait takes n permits when it is the caller's turn, and returns waitq.Granted.
// Any other verdict means that it took none: waitq.Waiting that ctx ended first.
func (p *Pool) Wait(ctx context.Context, now int64, n int) waitq.Verdict {
	w := p.waiter(ctx, n)
	verdict, left := p.join(now, w)
	if verdict != waitq.Waiting {
		return verdict
	}
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

// join puts w into the queue, and returns how long it may wait.
func (p *Pool) join(now int64, w *waiter) (waitq.Verdict, time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	// Hidden first: a permit that came back before this is seen by dispatch, and
	// who gives one back after it waits for the lock.
	p.hide()
	verdict, out := p.queue.Offer(now, w)
	if out != nil {
		out.Value <- waitq.Evicted
	}
	left := p.queue.Left(w)
	p.dispatch(now)
	return verdict, time.Duration(left)
}

// leave takes w out of the queue and returns waitq.Waiting, or returns the
// verdict that was faster.
func (p *Pool) leave(w *waiter) waitq.Verdict {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.queue.Leave(w) {
		return <-w.Value
	}
	p.dispatch(p.Now()) // others may fit in where w did not
	return waitq.Waiting
}

// expire takes w out of the queue if its time is over, and returns the verdict.
func (p *Pool) expire(w *waiter) (waitq.Verdict, time.Duration) {
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
