package bulkhead

import (
	"context"
	"errors"
	"time"

	"github.com/backstay-go/backstay/event"
	"github.com/backstay-go/backstay/gate"
)

// ErrFull is the reason of a refusal because all permits were held, and the
// queue was full or the wait too long.
var ErrFull = errors.New("no permit free")

// ErrWeight is the reason of a refusal that no wait can change: the call asked
// for less than one permit, or for more than the limit.
var ErrWeight = errors.New("weight is not between 1 and the limit")

// settings is a configuration in force, with the refusals that go with it. They
// are built once, since refusing must not allocate.
type settings struct {
	Config
	full, weight, canceled, late *gate.RejectedError
}

func newSettings(c Config, after time.Duration) *settings {
	refusal := func(reason error, after time.Duration) *gate.RejectedError {
		return &gate.RejectedError{Policy: "bulkhead", Name: c.Name, Reason: reason, After: after}
	}
	return &settings{
		Config:   c,
		full:     refusal(ErrFull, after),
		weight:   refusal(ErrWeight, 0),
		canceled: refusal(context.Canceled, 0),
		late:     refusal(context.DeadlineExceeded, 0),
	}
}

// ended returns the refusal of a call whose context ended with err.
func (s *settings) ended(err error) *gate.RejectedError {
	switch err {
	case context.Canceled:
		return s.canceled
	case context.DeadlineExceeded:
		return s.late
	default: // a context of the caller's own making
		return &gate.RejectedError{Policy: "bulkhead", Name: s.Name, Reason: err}
	}
}

// refuse reports the refusal of a call that waited for the time given.
func (s *settings) refuse(ctx context.Context, refusal *gate.RejectedError, waited time.Duration) (gate.Permit, error) {
	if s.Observer != nil {
		event.Notify(ctx, s.Observer, event.Event{
			Kind: event.Rejected, Policy: "bulkhead", Name: s.Name, Elapsed: waited, Wait: refusal.After, Err: refusal,
		})
	}
	return gate.Permit{}, refusal
}
