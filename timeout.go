package backstay

import (
	"context"
	"errors"
	"strconv"
	"time"
)

// TimeoutError is what a call ends with when the pipeline's own timeout ended
// it. It matches [context.DeadlineExceeded] and implements net.Error. A deadline
// or a cancellation of the caller's context is not a TimeoutError.
type TimeoutError struct {
	// Name is the name of the pipeline.
	Name string
	// After is the timeout that passed.
	After time.Duration
	// Attempt reports whether it was AttemptTimeout that passed, not Timeout.
	Attempt bool
	// Err is what the operation returned.
	Err error
}

// Error says what timed out, and what the operation returned if it is more than
// the context's own error.
func (e *TimeoutError) Error() string {
	text := timeoutText(e.Name, e.Attempt, e.After)
	if e.Err == nil || e.Err == context.DeadlineExceeded || e.Err.Error() == text { // the last is the context's cause
		return text
	}
	return text + ": " + e.Err.Error()
}

// Unwrap returns Err, or nil if Err says that the caller cancelled the call: some
// operations call every end of their context a cancellation.
func (e *TimeoutError) Unwrap() error {
	if errors.Is(e.Err, context.Canceled) {
		return nil
	}
	return e.Err
}

// Is reports whether target is [context.DeadlineExceeded].
func (e *TimeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// Timeout returns true, as net.Error wants.
func (e *TimeoutError) Timeout() bool { return true }

// Temporary returns true, as net.Error wants.
func (e *TimeoutError) Temporary() bool { return true }

func timeoutText(name string, attempt bool, after time.Duration) string {
	text := "call"
	if attempt {
		text = "attempt"
	}
	if name != "" {
		text += " " + strconv.Quote(name)
	}
	return text + " timed out after " + after.String()
}

// callTimeout and attemptTimeout are the causes of the contexts a pipeline
// makes: what context.Cause returns in the operation. They are the pipeline
// itself under another name, so that a cause which tells the pipeline's timeout
// from the caller's costs no allocation.
type (
	callTimeout    Pipeline
	attemptTimeout Pipeline
)

func (t *callTimeout) Error() string           { return timeoutText(t.Name, false, t.Timeout) }
func (t *callTimeout) Is(target error) bool    { return target == context.DeadlineExceeded }
func (t *attemptTimeout) Error() string        { return timeoutText(t.Name, true, t.AttemptTimeout) }
func (t *attemptTimeout) Is(target error) bool { return target == context.DeadlineExceeded }

// scope is the context of a call or an attempt, with the timeout of its own.
// The zero scope has none.
type scope struct {
	ctx    context.Context
	cause  error // of the timeout, if ctx has one of its own
	cancel context.CancelFunc
}

// begin enters the scope at the time now. No context is made for a timeout of
// zero, or when parent ends no later.
func (s *scope) begin(parent context.Context, now time.Time, timeout time.Duration, cause error) context.Context {
	s.ctx, s.cause, s.cancel = parent, nil, nil
	if timeout > 0 {
		end := now.Add(timeout)
		if deadline, ok := parent.Deadline(); !ok || deadline.After(end) {
			s.cause = cause
			s.ctx, s.cancel = context.WithDeadlineCause(parent, end, cause)
		}
	}
	return s.ctx
}

// timedOut reports whether the scope's own timeout has ended it.
func (s *scope) timedOut() bool {
	return s.cause != nil && context.Cause(s.ctx) == s.cause
}

// end leaves the scope.
func (s *scope) end() {
	if s.cancel != nil {
		s.cancel()
	}
}
