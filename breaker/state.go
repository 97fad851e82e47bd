package breaker

import (
	"fmt"

	"github.com/backstay-go/backstay/internal/core/trip"
)

// State is what a breaker does with calls.
type State uint8

// The states. Their numbers are those of event.Event's From and To.
const (
	Closed   State = iota // every call is admitted
	HalfOpen              // a few probes are, then a growing share
	Open                  // none is
)

// String returns "closed", "half_open" or "open".
func (s State) String() string {
	switch s {
	case Closed:
		return "closed"
	case HalfOpen:
		return "half_open"
	case Open:
		return "open"
	default:
		return fmt.Sprintf("State(%d)", uint8(s))
	}
}

// MarshalText writes the name of s.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a name as written by [State.String], so that a snapshot
// that was sent as JSON can be read again.
func (s *State) UnmarshalText(text []byte) error {
	for known := Closed; known <= Open; known++ {
		if known.String() == string(text) {
			*s = known
			return nil
		}
	}
	return fmt.Errorf("breaker: unknown state %q: want closed, half_open or open", text)
}

func state(p trip.Phase) State {
	switch p {
	case trip.Closed, trip.Timed:
		return Closed
	case trip.Open:
		return Open
	default:
		return HalfOpen
	}
}
