package breaker

import (
	"context"
	"time"

	"github.com/backstay-go/backstay/event"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/core/trip"
)

const (
	// steps is how finely the After of a refusal is told.
	steps = 8
	// whileProbing is the After of a refusal while probes run, which end when
	// they end.
	whileProbing = time.Second
)

// refusing is what callers are told between two changes of the breaker. The
// errors are made at the change, so that refusing makes nothing.
type refusing struct {
	settings  *settings
	openUntil int64 // before then every call is refused; zero unless open
	until     int64 // what After tells
	step      int64 // by which it grows from error to error
	errors    []gate.RejectedError
	cause     error
}

// newRefusing returns what to tell from now until the machine's next change. A
// machine that refuses nothing has no errors.
func newRefusing(s *settings, m *trip.Machine, now int64, cause error) *refusing {
	r := &refusing{settings: s, cause: cause}
	switch m.Phase() {
	case trip.Closed, trip.Timed:
	case trip.Probing:
		r.tell(min(int64(whileProbing), s.rules.ProbeTimeout), 1)
	case trip.Ramping:
		r.until = m.Until()
		r.tell(1+(r.until-now)/steps, steps)
	case trip.Open:
		r.until = m.Until()
		r.openUntil = r.until
		if r.until == trip.Forever {
			r.tell(0, 1)
		} else {
			r.tell(1+(r.until-now)/steps, steps)
		}
	}
	return r
}

// tell makes n errors whose After grows by step.
func (r *refusing) tell(step int64, n int) {
	r.step = step
	r.errors = make([]gate.RejectedError, n)
	for i := range r.errors {
		r.errors[i] = gate.RejectedError{
			Policy: policy, Name: r.settings.name, Reason: ErrOpen, After: time.Duration(step * int64(i+1)),
		}
	}
}

// at returns the error for a call refused at now: the first whose After is not
// too early.
func (r *refusing) at(now int64) *gate.RejectedError {
	if len(r.errors) == 1 {
		return &r.errors[0]
	}
	i := (r.until - now - 1) / r.step
	return &r.errors[min(max(i, 0), steps-1)]
}

// refuse reports the refusal of a call and returns it. A breaker that only
// observes returns a permit instead, whose outcome decides nothing.
func (r *refusing) refuse(ctx context.Context, now int64) (gate.Permit, error) {
	err := r.at(now)
	if s := r.settings; s.observer != nil {
		event.Notify(ctx, s.observer, event.Event{
			Kind: event.Rejected, Policy: policy, Name: s.name, Wait: err.After, Err: ErrOpen,
		})
	}
	if r.settings.observeOnly {
		return gate.Permit{}, nil
	}
	return gate.Permit{}, err
}
