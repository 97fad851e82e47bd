package retry

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/backstay-go/backstay/event"
	"github.com/backstay-go/backstay/gate"
)

// historyLimit is how many attempts an [ExhaustedError] lists at most.
const historyLimit = 16

// Run is one call on its way through a [Policy], for those who write the loop
// themselves: a pipeline that takes permits for each attempt, a client that
// must look at a response first. It decides and never waits.
//
//	run := policy.Begin(time.Now())
//	for {
//		err := attempt(ctx)
//		if err == nil {
//			run.Succeed(time.Now())
//			return nil
//		}
//		wait, final := run.Fail(ctx, time.Now(), err)
//		if final != nil {
//			return final
//		}
//		if err := sleep(ctx, wait); err != nil {
//			return run.Interrupt(err)
//		}
//	}
//
// A Run belongs to one goroutine. The zero Run is not usable.
type Run struct {
	policy  *Policy
	state   *state
	attempt int           // the number of the attempt under way, from 1
	begun   time.Time     // when the call began; zero if nobody read the clock
	started time.Time     // when the attempt under way began; likewise
	prev    time.Duration // the wait before it
	stamp   int64         // of the token it took from the budget
	ran     error         // of the latest attempt that was not refused
	history []attempt
}

// Begin starts a call at the time now. A zero now means that the caller has not
// read the clock: the time then counts from the end of the first attempt.
func (p *Policy) Begin(now time.Time) Run {
	return Run{policy: p, state: p.learned(), attempt: 1, begun: now, started: now}
}

// Attempt returns the number of the attempt under way, from 1.
func (r *Run) Attempt() int { return r.attempt }

// Succeed ends the call: the attempt under way succeeded at the time now. A zero
// now means that the caller has not read the clock; it is then read if need be,
// which is seldom.
func (r *Run) Succeed(now time.Time) {
	sampled := r.state.budget.deposit()
	if r.attempt > 1 {
		r.state.budget.refund(r.stamp)
		sampled = true
	}
	if !sampled || r.started.IsZero() {
		return
	}
	if now.IsZero() {
		now = time.Now()
	}
	r.state.learn(now.Sub(r.started))
}

// Fail notes that the attempt under way failed with err at the time now. It
// returns how long to wait before the next attempt, which is then under way; or,
// if there is to be none, the final error of the call.
//
// A refusal of the first attempt is its own final error. After an attempt that
// ran, a refusal must not hide that: the final error is then the last attempt's,
// as for [Run.Interrupt].
func (r *Run) Fail(ctx context.Context, now time.Time, err error) (wait time.Duration, final error) {
	if r.begun.IsZero() {
		r.begun = now
	}
	wait, final = r.next(ctx, now, err)
	if final != nil && r.attempt > 1 && errors.Is(err, gate.ErrRejected) {
		return 0, r.Interrupt(err)
	}
	return wait, final
}

// next decides whether there is another attempt.
func (r *Run) next(ctx context.Context, now time.Time, err error) (wait time.Duration, final error) {
	if ended := ctx.Err(); ended != nil {
		return 0, r.exhausted(now, interrupted(ended, err), "")
	}
	if !r.policy.retryable(err) {
		return 0, err
	}
	if r.attempt >= r.policy.maxAttempts() {
		return 0, r.exhausted(now, err, "")
	}
	wait = max(r.policy.delay(r.attempt, r.prev, rand.Float64()), afterOf(err))
	if !r.fits(ctx, now, wait) {
		return 0, r.exhausted(now, err, noTime)
	}
	stamp, ok := r.state.budget.withdraw(now)
	if !ok {
		return 0, r.exhausted(now, err, noBudget)
	}
	r.observe(ctx, now, wait, err)
	r.remember(attempt{err, wait})
	r.attempt++
	r.prev, r.started, r.stamp = wait, now.Add(wait), stamp
	return wait, nil
}

// Interrupt ends the call before the attempt that Fail announced could begin: its
// context ended, with the error cause. It returns the final error, which matches
// both cause and the last attempt's error. If cause is the refusal of a gate, the
// final error matches its reason, but not [gate.ErrRejected]: the call did run.
func (r *Run) Interrupt(cause error) error {
	r.state.budget.refund(r.stamp)
	r.attempt--
	last := r.history[len(r.history)-1].err
	r.history = r.history[:len(r.history)-1]
	if r.ran != nil && errors.Is(last, gate.ErrRejected) {
		last = r.ran
	}
	return r.exhausted(time.Now(), interrupted(cause, last), "")
}

// fits reports whether the next attempt can begin, and typically end, in time.
func (r *Run) fits(ctx context.Context, now time.Time, wait time.Duration) bool {
	if limit := r.policy.MaxElapsed; limit > 0 && now.Sub(r.begun)+wait > limit {
		return false
	}
	deadline, ok := ctx.Deadline()
	typical := time.Duration(r.state.typical.Load())
	return !ok || wait+typical < deadline.Sub(now)
}

// Why a call is not attempted again although it may be.
const (
	noTime   = "no time for another"
	noBudget = "retry budget empty"
)

// exhausted returns the final error for a call that could have been tried
// again, and says why it was not if that is not plain.
func (r *Run) exhausted(now time.Time, err error, why string) error {
	if r.attempt == 1 {
		return err
	}
	history := append(slices.Clip(r.history), attempt{err: err})
	return &ExhaustedError{
		Attempts: r.attempt,
		Elapsed:  now.Sub(r.begun),
		Err:      err,
		why:      why,
		history:  history[max(0, len(history)-historyLimit):],
	}
}

// remember adds a line to the history, which keeps the latest.
func (r *Run) remember(a attempt) {
	if len(r.history) == historyLimit {
		copy(r.history, r.history[1:])
		r.history = r.history[:historyLimit-1]
	}
	r.history = append(r.history, a)
	if !errors.Is(a.err, gate.ErrRejected) {
		r.ran = a.err
	}
}

func (r *Run) observe(ctx context.Context, now time.Time, wait time.Duration, err error) {
	if r.policy.Observer == nil {
		return
	}
	event.Notify(ctx, r.policy.Observer, event.Event{
		Kind:    event.Retrying,
		Policy:  "retry",
		Name:    r.policy.Name,
		Attempt: r.attempt,
		Elapsed: now.Sub(r.begun),
		Wait:    wait,
		Err:     err,
	})
}

// learn moves the typical duration an eighth of the way to took. Two calls that
// learn at once may lose one step, which does no harm.
func (s *state) learn(took time.Duration) {
	typical := s.typical.Load()
	if typical == 0 {
		s.typical.Store(max(1, int64(took)))
		return
	}
	s.typical.Store(max(1, typical+(int64(took)-typical)/8))
}
