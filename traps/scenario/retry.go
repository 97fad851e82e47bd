package scenario

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/backstay-go/backstay/traps/driver"
)

var retryTraps = []Trap{
	{ID: "20", Text: "a caller that has already given up: the operation is not run", Run: cancelledBeforeTheCall},
	{ID: "21", Text: "a delay beyond the deadline fails at once, with the operation's error", Run: delayBeyondDeadline},
	{ID: "22", Text: "cancelled during back-off: the error matches the context's and the operation's", Run: cancelledDuringBackoff},
	{ID: "23", Text: "budget empty: the operation's own error, before any sleep", Run: emptyBudget},
	{ID: "24", Text: "a budget keeps an outage from multiplying calls, and 30 % errors from being seen", Run: amplification},
	{ID: "25a", Text: "nested retries multiply as written: 3 x 3 = 9", Run: nestedRetries},
	{ID: "26", Text: "jitter never exceeds the cap and never undercuts Retry-After", Run: jitterBounds},
	{ID: "27", Text: "the 3000th delay has not overflowed", Run: hugeAttemptNumbers},
	{ID: "28", Text: "the operation sees a real deadline; an own timeout is one, a cancellation is not", Run: realDeadline},
	{ID: "29", Text: "a result just before the deadline is not thrown away", Run: resultBeforeDeadline},
	{ID: "33", Text: "one policy serves 256 goroutines at once", Run: sharedPolicy},
}

func (s *Scene) retry(c driver.RetryConfig) driver.Caller {
	driver.Need(s.impl.Retry == nil, "retry")
	return s.impl.Retry(c)
}

func (s *Scene) timeout(d time.Duration) driver.Caller {
	driver.Need(s.impl.Timeout == nil, "timeout")
	return s.impl.Timeout(d)
}

// recorder is an operation that fails with err and notes when it is run.
type recorder struct {
	err   error
	takes time.Duration
	runs  []time.Time
}

func (r *recorder) run(context.Context) error {
	r.runs = append(r.runs, time.Now())
	if r.takes > 0 {
		<-time.After(r.takes)
	}
	return r.err
}

// gaps returns the delays between the runs.
func (r *recorder) gaps() []time.Duration {
	var gaps []time.Duration
	for i := 1; i < len(r.runs); i++ {
		gaps = append(gaps, r.runs[i].Sub(r.runs[i-1])-r.takes)
	}
	return gaps
}

func cancelledBeforeTheCall(s *Scene) {
	policy := s.retry(driver.RetryConfig{Attempts: 3, Base: time.Second, Cap: time.Second})
	ctx, cancel := context.WithCancel(s.Ctx)
	cancel()
	op := recorder{err: errDown}
	err := policy.Do(ctx, op.run)
	s.Check(len(op.runs) == 0, "the operation was run %d times", len(op.runs))
	s.Check(errors.Is(err, context.Canceled), "the error is %q, not the context's", err)
}

func delayBeyondDeadline(s *Scene) {
	policy := s.retry(driver.RetryConfig{Attempts: 3, Base: 10 * time.Second, Cap: 10 * time.Second})
	ctx, cancel := context.WithTimeout(s.Ctx, time.Second)
	defer cancel()
	begun := time.Now()
	op := recorder{err: errDown}
	err := policy.Do(ctx, op.run)
	s.Check(time.Since(begun) == 0, "slept for %v towards a deadline that the delay of 10s cannot meet", time.Since(begun))
	s.Check(errors.Is(err, errDown), "the error is %q, not the operation's", err)
}

func cancelledDuringBackoff(s *Scene) {
	policy := s.retry(driver.RetryConfig{Attempts: 3, Base: 10 * time.Second, Cap: 10 * time.Second})
	ctx, cancel := context.WithCancel(s.Ctx)
	defer time.AfterFunc(time.Second, cancel).Stop()
	begun := time.Now()
	op := recorder{err: errDown}
	err := policy.Do(ctx, op.run)
	s.Check(time.Since(begun) == time.Second, "returned after %v, not when it was cancelled", time.Since(begun))
	s.Check(errors.Is(err, context.Canceled), "the error does not match the context's: %q", err)
	s.Check(errors.Is(err, errDown), "the operation's error is lost: %q", err)
}

// emptyBudget fails 500 calls at once: more than any budget pays for. A call
// that got no retry is told so at once, and by its own error.
func emptyBudget(s *Scene) {
	const calls, attempts, takes = 500, 3, 100 * time.Millisecond
	policy := s.retry(driver.RetryConfig{Attempts: attempts, Base: time.Second, Cap: time.Second, Budget: true})
	type outcome struct {
		op      recorder
		err     error
		elapsed time.Duration
	}
	var outcomes [calls]outcome
	var all sync.WaitGroup
	for i := range outcomes {
		all.Go(func() {
			o := &outcomes[i]
			begun := time.Now()
			o.op = recorder{err: errDown, takes: takes}
			o.err = policy.Do(s.Ctx, o.op.run)
			o.elapsed = time.Since(begun)
		})
	}
	all.Wait()
	denied := 0
	for _, o := range outcomes {
		if len(o.op.runs) == attempts {
			continue
		}
		denied++
		asleep := o.elapsed - time.Duration(len(o.op.runs))*takes - time.Duration(len(o.op.runs)-1)*time.Second
		s.Check(errors.Is(o.err, errDown), "the error is %q, not the operation's", o.err)
		s.Check(asleep == 0, "slept for %v before it said no", asleep)
	}
	s.Check(denied > 0, "%d calls failed together and the budget paid for all their retries", calls)
}

func nestedRetries(s *Scene) {
	config := driver.RetryConfig{Attempts: 3, Base: time.Second, Cap: time.Second}
	outer, inner := s.retry(config), s.retry(config)
	op := recorder{err: errDown}
	err := outer.Do(s.Ctx, func(ctx context.Context) error { return inner.Do(ctx, op.run) })
	s.Check(len(op.runs) == 9, "3 x 3 attempts are %d", len(op.runs))
	s.Check(errors.Is(err, errDown), "the operation's error is lost: %q", err)
}

func jitterBounds(s *Scene) {
	const limit, asked = time.Second, 5 * time.Second
	policy := s.retry(driver.RetryConfig{Attempts: 8, Base: 100 * time.Millisecond, Cap: limit, Jitter: true})
	for range 400 {
		op := recorder{err: errDown}
		_ = policy.Do(s.Ctx, op.run)
		for _, gap := range op.gaps() {
			s.Check(gap <= limit, "a delay above the cap of %v", limit)
		}
	}
	after, ok := policy.(driver.Afterer)
	if !ok {
		return
	}
	for range 200 {
		op := recorder{err: after.After(errDown, asked)}
		_ = policy.Do(s.Ctx, op.run)
		s.Check(len(op.runs) == 8, "%d attempts where the server asked for a pause, want 8", len(op.runs))
		for _, gap := range op.gaps() {
			s.Check(gap >= asked, "came back before the %v that the server asked for", asked)
		}
	}
}

func hugeAttemptNumbers(s *Scene) {
	const limit = time.Hour
	policy := s.retry(driver.RetryConfig{Attempts: 3000, Base: 100 * time.Millisecond, Cap: limit})
	op := recorder{err: errDown}
	_ = policy.Do(s.Ctx, op.run)
	s.Check(len(op.runs) == 3000, "gave up after %d of 3000 attempts", len(op.runs))
	last := time.Duration(0)
	for i, gap := range op.gaps() {
		s.Check(gap >= last && gap <= limit, "delay %d is %v after one of %v, with a cap of %v", i+1, gap, last, limit)
		last = gap
	}
	s.Check(last == limit, "the last delay is %v, want %v", last, limit)
}

func realDeadline(s *Scene) {
	const limit = time.Second
	policy := s.timeout(limit)
	begun := time.Now()
	var deadline time.Time
	var has bool
	err := policy.Do(s.Ctx, func(ctx context.Context) error {
		deadline, has = ctx.Deadline()
		<-ctx.Done()
		return ctx.Err()
	})
	s.Check(has, "the operation's context has no deadline, so it cannot pass it on")
	s.Check(deadline.Sub(begun) == limit, "the operation's deadline is in %v, want %v", deadline.Sub(begun), limit)
	s.Check(errors.Is(err, context.DeadlineExceeded), "the timeout is not a context.DeadlineExceeded: %q", err)
	timeout, ok := errors.AsType[net.Error](err)
	s.Check(ok && timeout.Timeout(), "the timeout is not a net.Error that says so: %q", err)

	ctx, cancel := context.WithCancel(s.Ctx)
	defer time.AfterFunc(limit/2, cancel).Stop()
	err = policy.Do(ctx, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
	s.Check(errors.Is(err, context.Canceled), "the caller's cancellation is lost: %q", err)
	s.Check(!errors.Is(err, context.DeadlineExceeded), "the caller's cancellation passes for a timeout: %q", err)
}

func resultBeforeDeadline(s *Scene) {
	const limit = time.Second
	policy := s.timeout(limit)
	for range 100 {
		err := policy.Do(s.Ctx, func(context.Context) error { <-time.After(limit - 1); return nil })
		s.Check(err == nil, "a result 1ns before the deadline became %q", err)
	}
}

// sharedPolicy lets 256 calls fail at once. Each must see the delays that it
// would have seen alone.
func sharedPolicy(s *Scene) {
	const base = 100 * time.Millisecond
	policy := s.retry(driver.RetryConfig{Attempts: 3, Base: base, Cap: time.Minute, Shared: true})
	var ops [256]recorder
	var all sync.WaitGroup
	for i := range ops {
		all.Go(func() {
			ops[i].err = errDown
			_ = policy.Do(s.Ctx, ops[i].run)
		})
	}
	all.Wait()
	for i := range ops {
		gaps := ops[i].gaps()
		s.Check(len(gaps) == 2 && gaps[0] == base && gaps[1] == 2*base,
			"alone a call waits %v and %v, beside 255 others %v", base, 2*base, gaps)
	}
}
