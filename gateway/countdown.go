package gateway

import (
	"context"
	"sync/atomic"
	"time"
)

// A countdown cancels a context when a time has passed, unless it is stopped
// before. The gateway uses it in place of a context with a deadline, because a
// deadline stays: a response that has begun in time would be cut off by it.
type countdown struct {
	state  atomic.Int32
	timer  *time.Timer
	cancel context.CancelCauseFunc
	cause  error
	body   *clientBody // to be interrupted as well, if not nil
}

// The states of a countdown.
const (
	counting int32 = iota
	stopped
	ranOut
)

// begin returns a context that ends with parent, or with the error cause when
// limit has passed after start.
func (c *countdown) begin(parent context.Context, cause error) context.Context {
	ctx, cancel := context.WithCancelCause(parent)
	c.cancel, c.cause = cancel, cause
	return ctx
}

// start starts the time.
func (c *countdown) start(limit time.Duration) { c.timer = time.AfterFunc(limit, c.runOut) }

// startLater returns a function that starts the time, which may be called while
// others stop it, or after.
func (c *countdown) startLater(limit time.Duration) func() {
	c.start(never)
	return func() { c.timer.Reset(limit) }
}

// never is longer than any process runs.
const never time.Duration = 1 << 62

func (c *countdown) runOut() {
	if c.state.CompareAndSwap(counting, ranOut) {
		c.cancel(c.cause)
		if c.body != nil {
			c.body.interrupt()
		}
	}
}

// stop stops the time for good. It reports whether it had not run out.
func (c *countdown) stop() bool {
	if c.timer != nil {
		c.timer.Stop()
	}
	c.state.CompareAndSwap(counting, stopped)
	return !c.over()
}

// over reports whether the time has run out.
func (c *countdown) over() bool { return c.state.Load() == ranOut }
