package breaker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/backstay-go/backstay/event"
	"github.com/backstay-go/backstay/internal/core/trip"
)

// changed takes note of what the machine did, because of err. Requires b.mu.
func (b *Breaker) changed(c trip.Change, err error) {
	now := b.clock.Now()
	switch {
	case b.machine.Phase() == trip.Closed:
		b.refusals = nil
	case !c.Happened() && b.refusals != nil && b.refusals.until == b.machine.Until():
		return
	case b.machine.Phase() == trip.Probing:
		b.refusals = newRefusals(b.settings.name, now, now+int64(time.Second))
		b.refusals.until = b.machine.Until()
	default:
		b.refusals = newRefusals(b.settings.name, now, b.machine.Until())
	}
	if !c.Happened() {
		return
	}
	b.cause = cause(c, b.settings, err)
	if b.settings.observer != nil {
		b.outbox.post(delivery{b.settings.observer, event.Event{
			Kind: event.StateChanged, Policy: policy, Name: b.settings.name,
			From: int(state(c.From)), To: int(state(c.To)), Wait: time.Duration(c.Hold), Err: b.cause,
		}})
	}
}

func cause(c trip.Change, s *settings, last error) error {
	switch c.Why {
	case trip.TooManyFailed:
		return fmt.Errorf("%d of %d calls failed, last: %w", c.Counts.Failures, c.Counts.Calls, last)
	case trip.TooManySlow:
		return fmt.Errorf("%d of %d calls took %v or longer", c.Counts.Slow, c.Counts.Calls, time.Duration(s.rules.SlowCall))
	case trip.FailedInARow:
		return fmt.Errorf("%d calls in a row failed, last: %w", c.Streak, last)
	case trip.ProbeFailed:
		return fmt.Errorf("a probe failed: %w", last)
	case trip.ProbeSlow:
		return errors.New("a probe was slow")
	case trip.Forced:
		return last
	default:
		return nil
	}
}

type delivery struct {
	to    event.Observer
	event event.Event
}

// outbox holds the events that are still to be delivered, in order.
type outbox struct {
	waiting  []delivery
	draining bool
}

// post requires the breaker's lock.
func (o *outbox) post(d delivery) {
	const most = 8
	if n := len(o.waiting); n == most {
		last := &o.waiting[n-1]
		if last.event.From == d.event.To {
			o.waiting = o.waiting[:n-1]
			return
		}
		d.event.From = last.event.From
		*last = d
		return
	}
	o.waiting = append(o.waiting, d)
}

// drain delivers what waits, unless another goroutine does already.
func (o *outbox) drain(mu *sync.Mutex) {
	for o.next(mu) {
	}
}

func (o *outbox) next(mu *sync.Mutex) bool {
	mu.Lock()
	if o.draining || len(o.waiting) == 0 {
		mu.Unlock()
		return false
	}
	d := o.waiting[0]
	o.waiting = append(o.waiting[:0], o.waiting[1:]...)
	o.draining = true
	mu.Unlock()
	defer func() {
		mu.Lock()
		o.draining = false
		mu.Unlock()
	}()
	event.Notify(context.Background(), d.to, d.event)
	return true
}
