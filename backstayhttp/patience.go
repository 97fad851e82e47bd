package backstayhttp

import (
	"context"
	"sync"
	"time"
)

// patience is a context with a deadline that can be lifted before it has passed,
// which a deadline of package context cannot.
//
// It consists of two: a trigger, which ends when the time is up or the parent
// ends, and a cancel context of package context made from it, which hands the
// end on to all that is derived from it. So only one context is ever derived
// from the trigger, and deriving from a patience takes no goroutine.
type patience struct {
	context.Context // derived from trigger
	trigger         trigger
	deadline        time.Time
	cancel          context.CancelFunc
	timer           *time.Timer
	detach          func() bool // from the parent
	outer           *patience   // of the same response
}

// newPatience returns a patience that ends at deadline, which is in d.
func newPatience(parent context.Context, deadline time.Time, d time.Duration) *patience {
	p := &patience{trigger: trigger{Context: parent, done: make(chan struct{})}, deadline: deadline}
	p.Context, p.cancel = context.WithCancel(&p.trigger)
	p.timer = time.AfterFunc(d, func() { p.trigger.pull(context.DeadlineExceeded) })
	p.detach = context.AfterFunc(parent, func() { p.trigger.pull(parent.Err()) })
	return p
}

// Deadline implements context.Context.
func (p *patience) Deadline() (time.Time, bool) {
	outer, limited := p.trigger.Context.Deadline()
	if p.trigger.lifted() || limited && outer.Before(p.deadline) {
		return outer, limited
	}
	return p.deadline, true
}

// lift takes the deadline away, unless it has passed.
func (p *patience) lift() {
	p.trigger.lift()
	p.timer.Stop()
}

// end ends the patience with its handler.
func (p *patience) end() {
	p.timer.Stop()
	p.detach()
	p.cancel()
}

// trigger is a context that ends when it is pulled.
type trigger struct {
	context.Context // the parent, for its values and its deadline
	done            chan struct{}

	mu     sync.Mutex
	err    error
	free   bool   // the deadline is lifted
	onPull func() // of the one context derived from it
}

// Done implements context.Context.
func (t *trigger) Done() <-chan struct{} { return t.done }

// Err implements context.Context.
func (t *trigger) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// AfterFunc is what package context calls in place of starting a goroutine when
// a context is derived from one that is not its own.
func (t *trigger) AfterFunc(f func()) (stop func() bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.onPull = f
	return func() bool {
		t.mu.Lock()
		defer t.mu.Unlock()
		active := t.onPull != nil
		t.onPull = nil
		return active
	}
}

// pull ends the context with err. The deadline does not if it is lifted.
func (t *trigger) pull(err error) {
	t.mu.Lock()
	if t.err != nil || t.free && err == context.DeadlineExceeded && t.Context.Err() == nil {
		t.mu.Unlock()
		return
	}
	t.err = err
	close(t.done)
	f := t.onPull
	t.onPull = nil
	t.mu.Unlock()
	if f != nil {
		f() // cancels what is derived; asks Err
	}
}

func (t *trigger) lift() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.free = t.err == nil
}

func (t *trigger) lifted() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.free
}
