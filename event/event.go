package event

import (
	"context"
	"time"
)

// Event is one thing that a policy did. Fields that do not apply to a Kind are
// zero.
type Event struct {
	// Kind says what happened, and which other fields are set.
	Kind Kind
	// Policy is the kind of policy, such as "breaker", and Name the instance.
	Policy, Name string
	// Attempt counts the attempts of the call from 1. Set for Retrying, Hedging,
	// TimedOut and Finished.
	Attempt int
	// Elapsed is how long the call has taken so far.
	Elapsed time.Duration
	// Wait is how long the policy waits before the next attempt (Retrying,
	// Hedging), how long the caller should (Rejected), or for how long a state
	// will hold (StateChanged).
	Wait time.Duration
	// From and To are the old and the new value of a StateChanged (0 closed,
	// 1 half-open, 2 open) or a LimitChanged.
	From, To int
	// Err is the cause.
	Err error
}

// Kind is the kind of an [Event].
type Kind uint8

// The kinds of event.
const (
	Rejected     Kind = iota // a call was refused and never ran
	Retrying                 // an attempt failed; another follows after Wait
	Hedging                  // another attempt starts beside those under way
	TimedOut                 // the policy's own timeout ended a call or an attempt
	StateChanged             // a policy went from one state to another
	LimitChanged             // a policy changed its own limit
	Finished                 // a call ended, with Err nil if it succeeded
)

// String returns the name of k in snake_case, such as "state_changed".
func (k Kind) String() string {
	switch k {
	case Rejected:
		return "rejected"
	case Retrying:
		return "retrying"
	case Hedging:
		return "hedging"
	case TimedOut:
		return "timed_out"
	case StateChanged:
		return "state_changed"
	case LimitChanged:
		return "limit_changed"
	case Finished:
		return "finished"
	default:
		return "unknown"
	}
}

// An Observer is told what policies do. Observe must be safe for concurrent use
// and should return soon: it runs inside a call, mostly the one it is told about.
type Observer interface {
	Observe(ctx context.Context, e Event)
}

// Func is an [Observer] made of a function.
type Func func(ctx context.Context, e Event)

// Observe calls f.
func (f Func) Observe(ctx context.Context, e Event) { f(ctx, e) }

// Notify tells o of e, and survives a panic in o. A nil o is told nothing. It is
// for authors of policies, who call it with no lock held.
func Notify(ctx context.Context, o Observer, e Event) {
	if o == nil {
		return
	}
	defer func() { _ = recover() }()
	o.Observe(ctx, e)
}

// Tee returns an observer that passes each event to all of observers, in order.
// One that panics does not keep the event from the others. Nil observers are
// left out; Tee of none is nil.
func Tee(observers ...Observer) Observer {
	var some tee
	for _, o := range observers {
		if o != nil {
			some = append(some, o)
		}
	}
	switch len(some) {
	case 0:
		return nil
	case 1:
		return some[0]
	default:
		return some
	}
}

type tee []Observer

func (t tee) Observe(ctx context.Context, e Event) {
	for _, o := range t {
		Notify(ctx, o, e)
	}
}
