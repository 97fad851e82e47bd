package retry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/hint"
)

// ErrExhausted matches the error of a call that was tried more than once and
// failed; see [ExhaustedError].
var ErrExhausted = errors.New("retries exhausted")

// ErrPermanent matches errors marked by [Permanent].
var ErrPermanent = errors.New("permanent error")

// Permanent marks err as one that no retry can mend. The result has the text of
// err, unwraps to it, and matches [ErrPermanent]. Permanent of nil is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

type permanentError struct{ err error }

func (e *permanentError) Error() string        { return e.err.Error() }
func (e *permanentError) Unwrap() error        { return e.err }
func (e *permanentError) Is(target error) bool { return target == ErrPermanent }

// After marks err with the time the server asked to wait, as in a Retry-After
// header: no retry starts earlier, whatever the back-off. The result has the
// text of err and unwraps to it. After of nil is nil.
func After(err error, d time.Duration) error {
	if err == nil {
		return nil
	}
	return &afterError{err, max(0, d)}
}

type afterError struct {
	err   error
	after time.Duration
}

func (e *afterError) Error() string { return e.err.Error() }
func (e *afterError) Unwrap() error { return e.err }

// RetryAfter has the form of [gate.RejectedError.RetryAfter].
func (e *afterError) RetryAfter() (time.Duration, bool) { return e.after, true }

// longest is a wait that no deadline fits, small enough to be added to.
const longest time.Duration = 1 << 61

// afterOf returns how long err asks to wait, or zero if it does not.
func afterOf(err error) time.Duration {
	after, told := hint.RetryAfter(err)
	if !told {
		return 0
	}
	return min(after, longest)
}

// Retryable reports whether err is worth another attempt; it is the default of
// [Policy.Retryable]. These are not: nil, errors marked by [Permanent], the
// caller's own cancellation, a refusal by a gate (it fails fast on purpose) and
// a panic. A deadline that passed is: the next attempt gets a new one, unless
// the whole call has run out of time.
func Retryable(err error) bool {
	return err != nil &&
		!errors.Is(err, ErrPermanent) &&
		!errors.Is(err, context.Canceled) &&
		!errors.Is(err, gate.ErrRejected) &&
		!errors.Is(err, gate.ErrPanicked)
}

// ExhaustedError is the end of a call that was attempted at least twice. It
// matches [ErrExhausted] and unwraps to the error of the last attempt. Printed
// with %+v it lists the attempts.
type ExhaustedError struct {
	// Attempts is how many attempts were made.
	Attempts int
	// Elapsed is how long they took, waits included. It counts from the end of
	// the first attempt if the policy has no MaxElapsed and no Observer and runs
	// outside a pipeline: reading the clock before a first attempt, which nearly
	// always succeeds, would be most of what a policy costs.
	Elapsed time.Duration
	// Err is the error of the last attempt; if the caller's context ended during
	// a wait, it matches the context's error as well.
	Err error

	why     string // there was no other attempt, if MaxAttempts is not the reason
	history []attempt
}

// attempt is one line of the history.
type attempt struct {
	err  error
	wait time.Duration // before the next attempt
}

// Error says how often the call was tried, why not more often, and what came
// last: "2 attempts failed (retry budget empty), last: connection refused".
func (e *ExhaustedError) Error() string {
	return fmt.Sprintf("%d attempts failed%s, last: %v", e.Attempts, e.reason(), e.Err)
}

func (e *ExhaustedError) reason() string {
	if e.why == "" {
		return ""
	}
	return " (" + e.why + ")"
}

// Unwrap returns Err.
func (e *ExhaustedError) Unwrap() error { return e.Err }

// Is reports whether target is [ErrExhausted].
func (e *ExhaustedError) Is(target error) bool { return target == ErrExhausted }

// Timeout reports whether the last attempt ended by a timeout: what url.Error, the
// error of an http.Client, and os.IsTimeout ask.
func (e *ExhaustedError) Timeout() bool {
	var last interface {
		error
		Timeout() bool
	}
	return errors.As(e.Err, &last) && last.Timeout()
}

// Format lists the attempts, one to a line, for the verb %+v.
func (e *ExhaustedError) Format(s fmt.State, verb rune) {
	if verb != 'v' || !s.Flag('+') {
		fmt.Fprintf(s, fmt.FormatString(s, verb), e.Error())
		return
	}
	fmt.Fprintf(s, "%d attempts failed in %v%s", e.Attempts, e.Elapsed, e.reason())
	first := e.Attempts - len(e.history) + 1
	if first > 1 {
		fmt.Fprintf(s, "\n  (the first %d are not kept)", first-1)
	}
	for i, a := range e.history {
		fmt.Fprintf(s, "\n  attempt %d: %v", first+i, a.err)
		if a.wait > 0 {
			fmt.Fprintf(s, "; waited %v", a.wait)
		}
	}
}

// interruptedError is what a call ends with when something kept the next attempt
// from beginning. It matches the last attempt's error and the reason.
type interruptedError struct{ cause, reason, last error }

func (e *interruptedError) Error() string   { return e.last.Error() + " (" + e.cause.Error() + ")" }
func (e *interruptedError) Unwrap() []error { return []error{e.last, e.reason} }

// interrupted joins the last attempt's error with the cause that kept the next
// one from beginning: the error of an ended context, or a refusal.
func interrupted(cause, last error) error {
	if cause == nil || errors.Is(last, cause) {
		return last
	}
	reason := cause
	if errors.Is(cause, gate.ErrRejected) {
		reason = last // not the refusal: an attempt has run
		if refusal, ok := errors.AsType[*gate.RejectedError](cause); ok && refusal.Reason != nil {
			reason = refusal.Reason
		}
	}
	return &interruptedError{cause, reason, last}
}
