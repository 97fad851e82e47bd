package gate

import (
	"errors"
	"math"
	"strconv"
	"time"
)

// ErrRejected matches every refusal: the call never ran.
var ErrRejected = errors.New("call rejected")

// ErrPanicked is what [Permit.Done] is told when the call panicked or ended by
// runtime.Goexit.
var ErrPanicked = errors.New("call panicked")

// RejectedError is the refusal of a call. It matches [ErrRejected] and the
// error in Reason. A value is shared between refused calls and must not be
// changed.
type RejectedError struct {
	// Policy is the kind of policy that refused, such as "breaker".
	Policy string
	// Name is the name of the instance. It may be empty.
	Name string
	// Reason is the policy's sentinel, such as breaker.ErrOpen, or the error of
	// the context that ended while the call waited.
	Reason error
	// After is how long to wait until another try can succeed. Zero means that
	// the policy cannot tell.
	After time.Duration
}

// Error says who refused and why: `breaker "users": circuit open, retry after 2s`.
// After is rounded up for reading, to three digits or to a second.
func (e *RejectedError) Error() string {
	text := e.Policy
	if e.Name != "" {
		text += " " + strconv.Quote(e.Name)
	}
	if e.Reason != nil {
		text += ": " + e.Reason.Error()
	}
	if e.After > 0 {
		text += ", retry after " + readable(e.After).String()
	}
	return text
}

// Unwrap returns Reason.
func (e *RejectedError) Unwrap() error { return e.Reason }

// Is reports whether target is [ErrRejected].
func (e *RejectedError) Is(target error) bool { return target == ErrRejected }

// RetryAfter returns After, and whether the policy could tell it.
func (e *RejectedError) RetryAfter() (time.Duration, bool) { return e.After, e.After > 0 }

// readable rounds d up to three digits, or to a second if that is less.
func readable(d time.Duration) time.Duration {
	step := time.Duration(1)
	for step < time.Second && d/step >= 1000 {
		step *= 10
	}
	rest := d % step
	if rest == 0 || d > math.MaxInt64-step {
		return d
	}
	return d - rest + step
}
