package bulkhead

import (
	"context"
	"errors"
	"time"

	"github.com/backstay-go/backstay/event"
	"github.com/backstay-go/backstay/gate"
)

const policy = "bulkhead"

// ErrFull is the reason of a refusal when every permit is held, and the call
// could not wait or has waited long enough.
var ErrFull = errors.New("no permit free")

// ErrWeight is the reason of a refusal that waiting cannot change: the call
// wants less than one permit, or more than the limit.
var ErrWeight = errors.New("weight is not between 1 and the limit")

// settings is a [Config] in force with the refusals that go with it, which are
// built beforehand because refusing must not allocate.
type settings struct {
	Config
	full, weight, canceled, late *gate.RejectedError
}

func newSettings(c Config, after time.Duration) *settings {
	s := &settings{Config: c}
	s.full = s.refusal(ErrFull)
	s.full.After = after
	s.weight = s.refusal(ErrWeight)
	s.canceled = s.refusal(context.Canceled)
	s.late = s.refusal(context.DeadlineExceeded)
	return s
}

func (s *settings) refusal(reason error) *gate.RejectedError {
	return &gate.RejectedError{Policy: policy, Name: s.Name, Reason: reason}
}

// ended returns the refusal of a call whose context ended with err.
func (s *settings) ended(err error) *gate.RejectedError {
	switch err {
	case context.Canceled:
		return s.canceled
	case context.DeadlineExceeded:
		return s.late
	default: // a context of the caller's own making
		return s.refusal(err)
	}
}

// refuse tells the observer of a refusal after a wait of the length given, and
// returns what Acquire does.
func (s *settings) refuse(ctx context.Context, refusal *gate.RejectedError, waited time.Duration) (gate.Permit, error) {
	if s.Observer != nil {
		event.Notify(ctx, s.Observer, event.Event{
			Kind: event.Rejected, Policy: policy, Name: s.Name, Elapsed: waited, Wait: refusal.After, Err: refusal,
		})
	}
	return gate.Permit{}, refusal
}

// after estimates when another try can succeed, from how long a typical call
// takes: by then the calls that wait in a full queue have been served, and one
// of those that run now has ended. It is known only where calls were timed.
func (s *settings) after(typical time.Duration) time.Duration {
	turns := 1 + float64(s.Queue)/float64(s.Limit)
	estimate := time.Duration(min(float64(typical)*turns, float64(time.Hour)))
	if told := s.full.After; estimate <= told && estimate > told/4 {
		return told // near enough, and saves building it again and again
	}
	return roundUp(estimate)
}

// roundUp returns the next of 1, 2, 5, 10, 20, 50 and so on milliseconds.
func roundUp(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	for unit := time.Millisecond; ; unit *= 10 {
		for _, step := range [...]time.Duration{1, 2, 5} {
			if d <= step*unit {
				return step * unit
			}
		}
	}
}
