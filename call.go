package backstay

import (
	"context"
	"errors"
	"time"

	"github.com/backstay-go/backstay/event"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/clock"
	"github.com/backstay-go/backstay/retry"
)

// Call is one call on its way through a [Pipeline], step by step: for what
// outlives a function, such as a response whose body is still to be read, or a
// stream. [Pipeline.Do] is the same in one step.
//
//	var call backstay.Call
//	attempt, err := call.Begin(ctx, pipeline)
//	for err == nil {
//		stream, failure := open(attempt)
//		if failure == nil {
//			return stream, nil // call.Done when the stream has ended
//		}
//		if final := call.Fail(failure); final != nil {
//			call.Done(nil)
//			return nil, final
//		}
//		attempt, err = call.Again()
//	}
//	return nil, err
//
// The permits of the call and of its last attempt are held, and their contexts
// live, until Done: so timeouts, bulkheads and breakers see the whole call.
//
// The zero Call is ready for Begin, once. A Call must not be copied after that.
// It belongs to one goroutine at a time.
type Call struct {
	pipeline    *Pipeline
	caller      context.Context
	begun       time.Time
	now         time.Time // the latest reading of the clock
	whole, each scope     // of the call and of the attempt under way
	held        permits   // those of Admit first, then the attempt's
	admitted    int       // how many of held are those of Admit
	attempts    int
	run         retry.Run
	wait        time.Duration // before the next attempt
	failure     error         // of the attempt under way
	final       error         // of the call, once it has failed for good
	open        bool          // begun and not ended
	succeeded   bool
}

// empty is the pipeline of a call that has none.
var empty Pipeline

// Begin starts a call through p, which may be nil: it passes Admit, and then
// what each attempt passes. It returns the context of the first attempt. An
// error is the end of the call: nothing is held, and no other method must be
// called.
func (c *Call) Begin(ctx context.Context, p *Pipeline) (context.Context, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if p == nil {
		p = &empty
	}
	c.pipeline, c.caller, c.open = p, ctx, true
	c.begun = time.Now()
	c.now = c.begun
	if err := c.held.acquire(ctx, p.Admit, &c.now); err != nil {
		return nil, c.end(err, err)
	}
	c.admitted = c.held.n
	c.whole.begin(ctx, c.now, p.Timeout, (*callTimeout)(p))
	if p.Retry != nil {
		c.run = p.Retry.Begin(c.begun)
	}
	return c.attempt()
}

// Attempt returns the number of the attempt under way, from 1.
func (c *Call) Attempt() int { return c.attempts }

// Hold adds a permit to those of the attempt under way: it is released with
// them. It is for gates that the pipeline cannot know, such as one for each
// host.
func (c *Call) Hold(permit gate.Permit) { c.held.add(permit) }

// Succeed says that the attempt under way has succeeded as far as retries are
// concerned, even if the call is not over: the headers of a response have
// arrived. Done says the same, so it only matters for what outlives that
// moment.
func (c *Call) Succeed() { c.succeed(time.Time{}) }

// Fail says that the attempt under way has failed with err. It returns nil if
// another attempt is due: discard what is left of this one, then call Again.
// Otherwise it returns the final error of the call, which is not over before
// Done: a response with a failing status may still be read.
func (c *Call) Fail(err error) error {
	c.now = c.read()
	c.failure = err
	err = c.attemptTimeout(err)
	if c.pipeline.Retry != nil {
		c.wait, c.final = c.run.Fail(c.whole.ctx, c.now, err)
		if c.final == nil {
			c.observe(event.Event{Kind: event.Retrying, Attempt: c.attempts, Wait: c.wait, Err: err})
			return nil
		}
		err = c.final
	}
	c.final = c.callTimeout(err)
	return c.final
}

// Again ends the attempt that failed, waits, and passes what each attempt
// passes. It returns the context of the next attempt, or as Begin does the
// final error of the call.
func (c *Call) Again() (context.Context, error) {
	if final := c.pause(); final != nil {
		return nil, final
	}
	return c.attempt()
}

// Done ends the call and releases all it holds. The error err says what has
// happened since Fail or Succeed: nil is nothing new, an error such as that of a
// broken stream is the failure of the attempt. Done returns err, as a
// [*TimeoutError] if a timeout of the pipeline's own broke the call.
//
// Done of a call that has ended returns err and does nothing else, so it may
// stand in a defer, with [gate.ErrPanicked].
func (c *Call) Done(err error) error {
	if !c.open {
		return err
	}
	defer c.abandon()
	c.now = c.read()
	if err != nil {
		c.failure = err
		err = c.callTimeout(c.attemptTimeout(err))
		if c.final == nil {
			c.final = err
		}
	} else if c.final == nil {
		c.succeed(c.now)
	}
	c.end(c.failure, c.final)
	return err
}

// attempt begins the next attempt, as soon as its gates admit it.
func (c *Call) attempt() (context.Context, error) {
	p := c.pipeline
	for {
		c.attempts++
		c.failure = nil
		ctx := c.each.begin(c.whole.ctx, c.now, p.AttemptTimeout, (*attemptTimeout)(p))
		refusal := c.held.acquire(ctx, p.Gates, &c.now)
		if refusal == nil {
			return ctx, nil
		}
		if final := c.Fail(refusal); final != nil {
			return nil, c.end(refusal, final)
		}
		if final := c.pause(); final != nil {
			return nil, final
		}
	}
}

// pause ends the attempt that failed and waits for the time of the next. An
// error is the end of the call.
func (c *Call) pause() error {
	c.endAttempt(c.failure)
	err := clock.Sleep(c.whole.ctx, c.wait)
	c.now = c.read()
	if err != nil {
		final := c.callTimeout(c.run.Interrupt(err))
		return c.end(final, final)
	}
	return nil
}

func (c *Call) succeed(now time.Time) {
	if c.pipeline.Retry != nil && !c.succeeded {
		c.run.Succeed(now)
	}
	c.succeeded = true
}

// abandon ends a call that a panic or runtime.Goexit left open. If a gate panics
// while it takes its permit back, the rest still are given back.
func (c *Call) abandon() {
	if c.open {
		defer c.abandon()
		c.now = c.read()
		c.end(gate.ErrPanicked, gate.ErrPanicked)
	}
}

// end ends the call, whose last attempt ended with the error told. It returns
// final.
func (c *Call) end(told, final error) error {
	c.endAttempt(told)
	c.whole.end()
	c.held.done(0, c.now, c.verdict(final))
	c.open = false
	c.observe(event.Event{Kind: event.Finished, Attempt: c.attempts, Err: final})
	return final
}

// endAttempt releases what the attempt holds.
func (c *Call) endAttempt(told error) {
	c.held.done(c.admitted, c.now, c.verdict(told))
	c.each.end()
}

// read reads the clock. A reading relative to an earlier one costs little more
// than half of time.Now, which reads the wall clock as well.
func (c *Call) read() time.Time { return c.begun.Add(time.Since(c.begun)) }

// verdict is what the gates are told of err. When the caller has given up, the
// error of the operation may be any: a driver's "query aborted" is still the
// caller's own cancellation, which no gate counts against the dependency. And a
// timeout is none, also if the operation says so.
func (c *Call) verdict(err error) error {
	if err == nil || err == gate.ErrPanicked {
		return err
	}
	gaveUp, canceled := errors.Is(c.caller.Err(), context.Canceled), errors.Is(err, context.Canceled)
	switch {
	case gaveUp && !canceled:
		return context.Canceled
	case canceled && !gaveUp && (c.each.timedOut() || c.whole.timedOut()):
		return context.DeadlineExceeded
	default:
		return err
	}
}

// callTimeout returns err as a TimeoutError if Timeout ended the call.
func (c *Call) callTimeout(err error) error {
	if !c.whole.timedOut() {
		return err
	}
	return c.timedOut(&TimeoutError{Name: c.pipeline.Name, After: c.pipeline.Timeout, Err: err})
}

// attemptTimeout returns err as a TimeoutError if AttemptTimeout ended the
// attempt.
func (c *Call) attemptTimeout(err error) error {
	if !c.each.timedOut() {
		return err
	}
	return c.timedOut(&TimeoutError{Name: c.pipeline.Name, After: c.pipeline.AttemptTimeout, Attempt: true, Err: err})
}

func (c *Call) timedOut(err *TimeoutError) error {
	c.observe(event.Event{Kind: event.TimedOut, Attempt: c.attempts, Err: err})
	return err
}

func (c *Call) observe(e event.Event) {
	if c.pipeline.Observer == nil {
		return
	}
	e.Policy, e.Name, e.Elapsed = "pipeline", c.pipeline.Name, c.now.Sub(c.begun)
	event.Notify(c.caller, c.pipeline.Observer, e)
}
