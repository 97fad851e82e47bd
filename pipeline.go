package backstay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/backstay-go/backstay/event"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/clock"
	"github.com/backstay-go/backstay/retry"
)

// Pipeline says how a call runs. Its fields stand in the order in which they
// act, and each may be left at zero. A nil *Pipeline and a zero one run the call
// once.
//
// A Pipeline is safe for concurrent use. It must not be changed while in use.
type Pipeline struct {
	// Name is the name of the pipeline in errors and events. It may be empty.
	Name string
	// Admit are the gates that the call as a whole passes, once, before anything
	// else. Their permits are held until the call has ended.
	Admit []gate.Gate
	// Timeout is how long the call may take, retries and their waits included.
	// If zero, only the caller's context bounds it.
	Timeout time.Duration
	// Retry says when a failed call is attempted again. If nil, never.
	Retry *retry.Policy
	// Gates are what each attempt passes. Their permits are held until the
	// attempt has ended.
	Gates []gate.Gate
	// AttemptTimeout is how long each attempt may take, waits in Gates included.
	// If zero, only Timeout and the caller's context bound it.
	AttemptTimeout time.Duration
	// Observer is told of retries, timeouts and the end of each call. If nil,
	// nobody is.
	Observer event.Observer
}

// Validate reports every field that makes no sense.
func (p *Pipeline) Validate() error {
	if p == nil {
		return nil
	}
	err := p.Retry.Validate()
	if p.Timeout < 0 {
		err = errors.Join(err, fmt.Errorf("backstay: Timeout is %v: want above zero, or 0 for none", p.Timeout))
	}
	if p.AttemptTimeout < 0 {
		err = errors.Join(err, fmt.Errorf("backstay: AttemptTimeout is %v: want above zero, or 0 for none", p.AttemptTimeout))
	}
	for i, g := range p.Admit {
		if g == nil {
			err = errors.Join(err, fmt.Errorf("backstay: Admit[%d] is nil: want a gate", i))
		}
	}
	for i, g := range p.Gates {
		if g == nil {
			err = errors.Join(err, fmt.Errorf("backstay: Gates[%d] is nil: want a gate", i))
		}
	}
	return err
}

// Do runs op through the pipeline, in the caller's goroutine. The context op is
// given carries the real deadline of the attempt; op must end when it ends.
//
// If ctx has already ended, nothing runs and Do returns its error. A refusal by
// a gate matches [gate.ErrRejected]; a timeout of the pipeline's own is a
// [*TimeoutError]; what comes after retries is described at [retry.Policy.Do].
// A nil error from op is never replaced by a timeout. A panic in op releases
// every permit and continues.
func (p *Pipeline) Do(ctx context.Context, op func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if p == nil {
		return op(ctx)
	}
	c := call{pipeline: p, caller: ctx, begun: time.Now()}
	return c.run(op)
}

// Do is [Pipeline.Do] for an operation with a result: the result of its last
// attempt, or the zero value if there was none.
func Do[T any](ctx context.Context, p *Pipeline, op func(context.Context) (T, error)) (T, error) {
	var value T
	err := p.Do(ctx, func(ctx context.Context) error {
		var err error
		value, err = op(ctx)
		return err
	})
	return value, err
}

// call is one call on its way through a pipeline. It lives on the caller's
// stack: op must reach neither an interface nor a goroutine.
type call struct {
	pipeline *Pipeline
	caller   context.Context
	begun    time.Time
	now      time.Time // the latest reading of the clock
	attempts int
}

// run passes Admit and reports the end of the call.
func (c *call) run(op func(context.Context) error) error {
	var held permits
	result := gate.ErrPanicked // what the gates are told unless op returns
	defer func() { held.done(c.now, c.verdict(result)) }()

	c.now = c.begun
	err := held.acquire(c.caller, c.pipeline.Admit, &c.now)
	if err == nil {
		err = c.withTimeout(op)
	}
	result = err
	c.observe(event.Event{Kind: event.Finished, Attempt: c.attempts, Err: err})
	return err
}

// withTimeout bounds the whole call.
func (c *call) withTimeout(op func(context.Context) error) error {
	p := c.pipeline
	if p.Timeout <= 0 || !tightens(c.caller, c.now, p.Timeout) {
		return c.withRetry(c.caller, op)
	}
	cause := (*callTimeout)(p)
	ctx, cancel := context.WithTimeoutCause(c.caller, p.Timeout, cause)
	defer cancel()
	err := c.withRetry(ctx, op)
	if err != nil && context.Cause(ctx) == error(cause) {
		return c.timedOut(&TimeoutError{Name: p.Name, After: p.Timeout, Err: err})
	}
	return err
}

// withRetry attempts the call as often as the policy says.
func (c *call) withRetry(ctx context.Context, op func(context.Context) error) error {
	if c.pipeline.Retry == nil {
		return c.attempt(ctx, op)
	}
	run := c.pipeline.Retry.Begin(c.begun)
	for {
		err := c.attempt(ctx, op)
		if err == nil {
			run.Succeed(c.now)
			return nil
		}
		wait, final := run.Fail(ctx, c.now, err)
		if final != nil {
			return final
		}
		c.observe(event.Event{Kind: event.Retrying, Attempt: c.attempts, Wait: wait, Err: err})
		if err := clock.Sleep(ctx, wait); err != nil {
			return run.Interrupt(err)
		}
		c.now = c.read()
	}
}

// attempt passes Gates, once for each attempt.
func (c *call) attempt(ctx context.Context, op func(context.Context) error) error {
	c.attempts++
	p := c.pipeline
	if p.AttemptTimeout <= 0 || !tightens(ctx, c.now, p.AttemptTimeout) {
		return c.throughGates(ctx, op)
	}
	cause := (*attemptTimeout)(p)
	ctx, cancel := context.WithTimeoutCause(ctx, p.AttemptTimeout, cause)
	defer cancel()
	err := c.throughGates(ctx, op)
	if err != nil && context.Cause(ctx) == error(cause) {
		return c.timedOut(&TimeoutError{Name: p.Name, After: p.AttemptTimeout, Attempt: true, Err: err})
	}
	return err
}

// throughGates runs op with the permits of Gates.
func (c *call) throughGates(ctx context.Context, op func(context.Context) error) error {
	var held permits
	result := gate.ErrPanicked // what the gates are told unless op returns
	defer func() { held.done(c.now, c.verdict(result)) }()

	err := held.acquire(ctx, c.pipeline.Gates, &c.now)
	if err == nil {
		err = op(ctx)
		c.now = c.read()
	}
	result = err
	return err
}

// read reads the clock. A reading relative to an earlier one costs little more
// than half of time.Now, which reads the wall clock as well.
func (c *call) read() time.Time { return c.begun.Add(time.Since(c.begun)) }

// verdict is what the gates are told of err. When the caller has given up, the
// error of the operation may be any: a driver's "query aborted" is still the
// caller's own cancellation, which no gate counts against the dependency.
func (c *call) verdict(err error) error {
	if err != nil && err != gate.ErrPanicked && errors.Is(c.caller.Err(), context.Canceled) && !errors.Is(err, context.Canceled) {
		return context.Canceled
	}
	return err
}

func (c *call) timedOut(err *TimeoutError) error {
	c.observe(event.Event{Kind: event.TimedOut, Attempt: c.attempts, Err: err})
	return err
}

func (c *call) observe(e event.Event) {
	if c.pipeline.Observer == nil {
		return
	}
	e.Policy, e.Name, e.Elapsed = "pipeline", c.pipeline.Name, c.now.Sub(c.begun)
	event.Notify(c.caller, c.pipeline.Observer, e)
}
