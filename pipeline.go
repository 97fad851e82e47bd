package backstay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/backstay-go/backstay/event"
	"github.com/backstay-go/backstay/gate"
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

// Validate reports every field that makes no sense. Do does not ask it: what is
// written in code is seen by a test, what comes from a file is to be validated.
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
	var c Call // on the stack: op must reach neither an interface nor a goroutine
	defer c.abandon()
	attempt, err := c.Begin(ctx, p)
	for err == nil {
		failure := op(attempt)
		if failure == nil {
			c.now = c.read()
			c.succeed(c.now)
			c.end(nil, nil)
			return nil
		}
		if final := c.Fail(failure); final != nil {
			c.end(failure, final)
			return final
		}
		attempt, err = c.Again()
	}
	return err
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
