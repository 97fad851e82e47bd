package breaker

import (
	"fmt"
	"time"

	"github.com/backstay-go/backstay/event"
	"github.com/backstay-go/backstay/internal/core/trip"
)

// changed takes note of what the machine did because of err. Requires b.mu.
func (b *Breaker) changed(now int64, c trip.Change, err error) {
	if !c.Happened() {
		return
	}
	s := b.settings.Load()
	because := causeOf(c, s, err)
	b.tell(now, because)
	if from, to := state(c.From), state(c.To); from != to && s.observer != nil {
		b.post(s.observer, event.Event{
			Kind: event.StateChanged, Policy: policy, Name: s.name,
			From: int(from), To: int(to), Wait: time.Duration(c.Hold), Err: because,
		})
	}
}

// tell makes the breaker refuse as its state demands. While it recovers, the
// cause remains what it was. Requires b.mu.
func (b *Breaker) tell(now int64, because error) {
	if because == nil && state(b.machine.Phase()) == Closed {
		b.refusing.Store(nil)
		return
	}
	if r := b.refusing.Load(); because == nil && r != nil {
		because = r.cause
	}
	b.refusing.Store(newRefusing(b.settings.Load(), &b.machine, now, because))
}

// cause is why a breaker opened. Its text is made when somebody reads it.
type cause struct {
	change   trip.Change
	slowCall time.Duration
	last     error // of the call that made the difference
}

// causeOf returns why c happened, or nil if it was for the better.
func causeOf(c trip.Change, s *settings, last error) error {
	switch c.Why {
	case trip.Ordered:
		return last
	case trip.CooledDown, trip.Recovered:
		return nil
	default:
		return &cause{c, time.Duration(s.rules.SlowCall), last}
	}
}

// Error says, for example, "53 of 100 calls failed, last: connection refused".
func (e *cause) Error() string {
	c := e.change
	switch c.Why {
	case trip.TooManyFailed:
		return e.withLast(fmt.Sprintf("%d of %d calls failed", c.Counts.Failures, c.Counts.Calls))
	case trip.FailedInARow:
		return e.withLast(fmt.Sprintf("failures in a row: %d", c.Streak))
	case trip.ProbeFailed:
		return e.withLast("a probe failed")
	case trip.ProbeSlow:
		return fmt.Sprintf("a probe took %v or longer", e.slowCall)
	default:
		slow, calls := c.Counts.Slow+c.Overdue, c.Counts.Calls+c.Overdue
		text := fmt.Sprintf("%d of %d calls took %v or longer", slow, calls, e.slowCall)
		if c.Overdue > 0 {
			text += fmt.Sprintf(", %d still run", c.Overdue)
		}
		return text
	}
}

func (e *cause) withLast(text string) string {
	if e.last == nil {
		return text
	}
	return text + ", last: " + e.last.Error()
}

// Unwrap returns the error of the call that made the difference.
func (e *cause) Unwrap() error { return e.last }

// order is the cause of what was forced.
type order struct{ what, reason string }

// Error says, for example, "forced open: maintenance".
func (e order) Error() string {
	if e.reason == "" {
		return e.what
	}
	return e.what + ": " + e.reason
}
