package gate

import (
	"context"
	"errors"
)

// Outcome is what the end of a call says about the health of what was called.
type Outcome uint8

// The outcomes.
const (
	Success Outcome = iota // it worked
	Failure                // it did not: evidence against the dependency
	Ignored                // it says nothing: the caller gave up, or the call never ran
)

// String returns "success", "failure" or "ignored".
func (o Outcome) String() string {
	switch o {
	case Success:
		return "success"
	case Failure:
		return "failure"
	default:
		return "ignored"
	}
}

// A Classifier maps the error of a call to its outcome. It must be safe for
// concurrent use; policies call it without holding a lock.
type Classifier func(err error) Outcome

// Classify is the default [Classifier]. A nil error is a [Success]. The
// caller's own cancellation and a refusal by a gate further in say nothing
// about the dependency and are [Ignored]. Everything else is a [Failure], a
// deadline that passed included: the caller waited as long as it could.
func Classify(err error) Outcome {
	if err == nil {
		return Success
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, ErrRejected) {
		return Ignored
	}
	return Failure
}
