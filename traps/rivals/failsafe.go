package rivals

import (
	"context"
	"errors"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/budget"
	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
	"github.com/failsafe-go/failsafe-go/timeout"

	"github.com/backstay-go/backstay/traps/driver"
)

// Failsafe is github.com/failsafe-go/failsafe-go.
func Failsafe() *driver.Implementation {
	return &driver.Implementation{
		Name: "failsafe-go", Version: "v0.9.8",
		Breaker: newFailsafeBreaker, Retry: newFailsafeRetry, Timeout: newFailsafeTimeout,
		Limiter: newFailsafeLimiter, Bulkhead: newFailsafeBulkhead,
		Client: newFailsafeClient, Middleware: newFailsafeMiddleware,
	}
}

// failsafeCaller runs operations as the package documentation shows: an
// executor with the caller's context, and the execution's context for the
// operation.
type failsafeCaller struct {
	executor failsafe.Executor[any]
}

func (f failsafeCaller) Do(ctx context.Context, op driver.Op) error {
	return f.executor.WithContext(ctx).RunWithExecution(func(exec failsafe.Execution[any]) error {
		return op(exec.Context())
	})
}

type failsafeRetry struct{ failsafeCaller }

func newFailsafeRetry(c driver.RetryConfig) driver.Caller {
	return failsafeRetry{failsafeCaller{failsafe.With(failsafePolicy(c))}}
}

func failsafePolicy(c driver.RetryConfig) retrypolicy.RetryPolicy[any] {
	builder := retrypolicy.NewBuilder[any]().WithMaxAttempts(c.Attempts).WithBackoff(c.Base, c.Cap).
		WithDelayFunc(func(exec failsafe.ExecutionAttempt[any]) time.Duration {
			if after, ok := errors.AsType[*afterError](exec.LastError()); ok {
				return after.after
			}
			return -1 // "return -1 if the delay could not be computed"
		})
	if c.Jitter {
		builder.WithJitterFactor(.25) // the factor in WithJitterFactor's documentation
	}
	if c.Budget {
		builder.WithBudget(budget.New())
	}
	return builder.Build()
}

func (failsafeRetry) After(err error, d time.Duration) error { return &afterError{err, d} }

func newFailsafeTimeout(d time.Duration) driver.Caller {
	return failsafeCaller{failsafe.With(timeout.New[any](d))}
}

// failsafeRefusals marks the refusals of a policy.
type failsafeRefusals struct {
	failsafeCaller
	refusal error
}

func (f failsafeRefusals) Do(ctx context.Context, op driver.Op) error {
	err := f.failsafeCaller.Do(ctx, op)
	if errors.Is(err, f.refusal) {
		return driver.Refused(err)
	}
	return err
}

type failsafeBreaker struct {
	failsafeRefusals
	breaker circuitbreaker.CircuitBreaker[any]
}

func newFailsafeBreaker(c driver.BreakerConfig) driver.Breaker {
	driver.Need(c.SlowCall > 0, "slow-call rate")
	driver.Need(c.MaxCooldown > 0, "cooldown that grows")
	breaker := failsafeBreakerBuilder[any](c).Build()
	return failsafeBreaker{failsafeRefusals{failsafeCaller{failsafe.With(breaker)}, circuitbreaker.ErrOpen}, breaker}
}

// failsafeBreakerBuilder is the time based configuration of the breaker. An
// error that no HandleIf condition matches is not a failure ("any condition that
// matches an execution result or error will trigger policy handling"): that is
// how one that says nothing is left out.
func failsafeBreakerBuilder[R any](c driver.BreakerConfig) circuitbreaker.Builder[R] {
	builder := circuitbreaker.NewBuilder[R]().
		WithFailureRateThreshold(c.FailureRate, uint(c.MinCalls), c.Window).
		WithDelay(c.Cooldown).
		HandleIf(func(_ R, err error) bool { return err != nil && !ignored(c, err) })
	if c.Probes > 0 {
		builder.WithSuccessThreshold(uint(c.Probes))
	}
	if c.OnChange != nil {
		builder.OnStateChanged(func(e circuitbreaker.StateChangedEvent) {
			c.OnChange(failsafeState(e.OldState), failsafeState(e.NewState))
		})
	}
	return builder
}

func (b failsafeBreaker) State() driver.State { return failsafeState(b.breaker.State()) }

// ForceOpen is Open: "Open opens the CircuitBreaker".
func (b failsafeBreaker) ForceOpen(time.Duration) { b.breaker.Open() }

func failsafeState(s circuitbreaker.State) driver.State {
	switch s {
	case circuitbreaker.ClosedState:
		return driver.Closed
	case circuitbreaker.HalfOpenState:
		return driver.HalfOpen
	default:
		return driver.Open
	}
}

func newFailsafeBulkhead(c driver.BulkheadConfig) driver.Bulkhead {
	builder := bulkhead.NewBuilder[any](uint(c.Limit)).WithMaxWaitTime(c.MaxWait)
	return failsafeRefusals{failsafeCaller{failsafe.With(builder.Build())}, bulkhead.ErrFull}
}
