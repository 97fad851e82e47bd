package breaker

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/backstay-go/backstay/event"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/core/trip"
)

// whileProbing is the After of a refusal while probes run, which end when they
// end.
const whileProbing = time.Second

// refusing is what callers are told between two changes of the breaker. The
// errors are made at the change, so that refusing makes nothing.
type refusing struct {
	all      atomic.Int64 // before then every call is refused, without the lock
	until    int64        // what After counts down to
	shift    uint         // After grows by 1<<shift from error to error
	quiet    bool         // a refusal is told to the caller, and to nobody else
	errors   []gate.RejectedError
	settings *settings
	cause    error // why the breaker is not closed by its rules
}

// newRefusing returns what to tell from now until the machine's next change. A
// machine that refuses nothing has no errors.
func newRefusing(s *settings, m *trip.Machine, now int64, cause error) *refusing {
	r := &refusing{settings: s, cause: cause, quiet: s.observer == nil && !s.observeOnly}
	switch m.Phase() {
	case trip.Closed, trip.Timed:
	case trip.Probing:
		r.tell(min(whileProbing, time.Duration(s.rules.ProbeTimeout)))
	default:
		r.until = m.Until()
		r.countDown(r.until - now)
	}
	return r
}

// countDown makes errors for the time left until a promise can be kept.
func (r *refusing) countDown(left int64) {
	if r.until == trip.Forever {
		r.tell(0)
		return
	}
	// Eight to sixteen steps of a power of two: a call that is refused divides
	// nothing.
	const most = 16
	for left > most<<r.shift {
		r.shift++
	}
	r.errors = make([]gate.RejectedError, 0, most)
	for i := range most {
		r.tell(time.Duration(i+1) << r.shift)
	}
}

// tell makes an error.
func (r *refusing) tell(after time.Duration) {
	r.errors = append(r.errors, gate.RejectedError{
		Policy: policy, Name: r.settings.name, Reason: ErrOpen, After: after,
	})
}

// at returns the error for a call refused at now: the first whose After is not
// too early.
func (r *refusing) at(now int64) *gate.RejectedError {
	i := uint64(r.until-now-1) >> r.shift
	return &r.errors[min(i, uint64(len(r.errors)-1))]
}

// refuse reports the refusal of a call and returns it. A breaker that only
// observes returns a token instead, whose outcome decides nothing.
func (r *refusing) refuse(ctx context.Context, now int64) (gate.Token, error) {
	err := r.at(now)
	if r.quiet {
		return gate.Token{}, err
	}
	return r.report(ctx, err)
}

func (r *refusing) report(ctx context.Context, err *gate.RejectedError) (gate.Token, error) {
	s := r.settings
	if s.observer != nil {
		event.Notify(ctx, s.observer, event.Event{
			Kind: event.Rejected, Policy: policy, Name: s.name, Wait: err.After, Err: ErrOpen,
		})
	}
	if s.observeOnly {
		return gate.Token{}, nil
	}
	return gate.Token{}, err
}
