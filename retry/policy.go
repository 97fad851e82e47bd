package retry

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"github.com/backstay-go/backstay/event"
	"github.com/backstay-go/backstay/internal/clock"
)

// DefaultMaxAttempts is how often a call is attempted if MaxAttempts is zero.
const DefaultMaxAttempts int = 3

// Unlimited is the MaxAttempts of a policy that only the budget, MaxElapsed and
// the context bound.
const Unlimited int = math.MaxInt

// Policy says when and how often a call is attempted again. The zero value
// makes at most three attempts, with exponential back-off and full jitter,
// within a budget of its own; a nil *Policy makes one attempt.
//
// A Policy is safe for concurrent use. It must not be changed or copied after
// first use.
type Policy struct {
	// Name is the name of the policy in events. It may be empty.
	Name string
	// MaxAttempts is how often a call is attempted at most, the first time
	// included; [Unlimited] is a value. If zero, DefaultMaxAttempts (3) is used.
	MaxAttempts int
	// MaxElapsed is how long after the first attempt began another may begin. If
	// zero, only the context bounds the time.
	MaxElapsed time.Duration
	// Backoff says how long to wait before the next attempt. If nil,
	// [Exponential] with its defaults is used: at most 100 ms, 200 ms, 400 ms ...
	// 10 s, with full jitter.
	Backoff Backoff
	// Retryable reports whether an error is worth another attempt; errors marked
	// by [Permanent] never are. If nil, the function [Retryable] is used.
	Retryable func(error) bool
	// Budget bounds the retries of all calls together; share one between the
	// policies of one upstream. If nil, the policy makes one of its own on first
	// use, which starts with one retry: more have to be earned by successes. So a
	// test of an operation that always fails wants [NoBudget], which is none.
	Budget *Budget
	// Observer is told of each retry. If nil, nobody is.
	Observer event.Observer

	state atomic.Pointer[state]
}

// state is what a policy learns.
type state struct {
	budget  *Budget
	typical atomic.Int64 // how long a successful attempt takes, in nanoseconds
}

// Validate reports every field that makes no sense. Do does not ask it: what is
// written in code is seen by a test, what comes from a file is to be validated.
func (p *Policy) Validate() error {
	if p == nil {
		return nil
	}
	var err error
	if p.MaxAttempts < 0 {
		err = errors.Join(err, fmt.Errorf("retry: MaxAttempts is %d: want at least 1, or 0 for the default, %d", p.MaxAttempts, DefaultMaxAttempts))
	}
	if p.MaxElapsed < 0 {
		err = errors.Join(err, fmt.Errorf("retry: MaxElapsed is %v: want above zero, or 0 for no bound", p.MaxElapsed))
	}
	if backoff, ok := p.Backoff.(interface{ Validate() error }); ok {
		err = errors.Join(err, backoff.Validate())
	}
	return err
}

// Do calls op until it succeeds, its error is not worth another attempt, or the
// attempts, the time or the budget are used up.
//
// The error is op's own when it was called once. When it was called more often,
// the error is an [*ExhaustedError] around the last one, or the last one itself
// if no retry could mend it. If ctx has already ended, op is not called; if it
// ends during a wait, the error matches both the context's error and op's. A
// wait that ctx's deadline does not allow, with the time an attempt typically
// takes, is not begun.
func (p *Policy) Do(ctx context.Context, op func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if p == nil {
		return op(ctx)
	}
	run := p.Begin(p.startTime())
	for {
		err := op(ctx)
		if err == nil {
			run.Succeed(time.Time{})
			return nil
		}
		wait, final := run.Fail(ctx, time.Now(), err)
		if final != nil {
			return final
		}
		if err := clock.Sleep(ctx, wait); err != nil {
			return run.Interrupt(err)
		}
	}
}

// startTime reads the clock if something needs to know when a call began. Most
// calls succeed at once; for them the reading would be most of the cost.
func (p *Policy) startTime() time.Time {
	if p.MaxElapsed > 0 || p.Observer != nil {
		return time.Now()
	}
	return time.Time{}
}

// Do is [Policy.Do] for an operation with a result: the result of its last
// call, or the zero value if there was none.
func Do[T any](ctx context.Context, p *Policy, op func(context.Context) (T, error)) (T, error) {
	var value T
	err := p.Do(ctx, func(ctx context.Context) error {
		var err error
		value, err = op(ctx)
		return err
	})
	return value, err
}

func (p *Policy) maxAttempts() int {
	if p.MaxAttempts == 0 {
		return DefaultMaxAttempts
	}
	return p.MaxAttempts
}

func (p *Policy) retryable(err error) bool {
	if p.Retryable == nil {
		return Retryable(err)
	}
	return !errors.Is(err, ErrPermanent) && p.Retryable(err)
}

func (p *Policy) delay(attempt int, prev time.Duration, u float64) time.Duration {
	if p.Backoff == nil {
		return Exponential{}.Delay(attempt, prev, u)
	}
	return min(max(0, p.Backoff.Delay(attempt, prev, u)), longest)
}

// learned returns what the policy has learned, and makes it on first use.
func (p *Policy) learned() *state {
	if s := p.state.Load(); s != nil {
		return s
	}
	s := &state{budget: p.Budget}
	if s.budget == nil {
		s.budget = NewBudget(BudgetConfig{})
	}
	p.state.CompareAndSwap(nil, s)
	return p.state.Load()
}
