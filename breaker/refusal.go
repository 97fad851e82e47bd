package breaker

import (
	"time"

	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/core/trip"
)

// policy is what errors and events call a breaker.
const policy = "breaker"

// steps is how finely the After of a refusal is told.
const steps = 8

// refusals are the errors of one period of refusing, made before it begins so
// that refusing makes nothing.
type refusals struct {
	until, step int64
	errors      []gate.RejectedError
}

// newRefusals returns the errors for refusing from now until until.
func newRefusals(name string, now, until int64) *refusals {
	r := &refusals{until: until}
	n := steps
	if until == trip.Forever {
		n = 1 // no try can be promised success: After stays zero
	} else {
		r.step = max(1, (until-now+steps-1)/steps)
	}
	r.errors = make([]gate.RejectedError, n)
	for i := range r.errors {
		r.errors[i] = gate.RejectedError{
			Policy: policy, Name: name, Reason: ErrOpen, After: time.Duration(r.step * int64(i+1)),
		}
	}
	return r
}

// at returns the error for a call refused at now. Its After is never early, and
// late by no more than a step.
func (r *refusals) at(now int64) *gate.RejectedError {
	if r.step == 0 {
		return &r.errors[0]
	}
	i := (r.until - now - 1) / r.step
	return &r.errors[min(max(i, 0), int64(len(r.errors)-1))]
}
