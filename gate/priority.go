package gate

import (
	"context"
	"fmt"
)

// Priority is how much a call matters when not all can be served. The zero
// value is [Critical], so that marking calls is only ever needed for those that
// may be dropped first, or last.
type Priority int8

// The priorities, in the order in which calls are dropped.
const (
	Sheddable     Priority = iota - 2 // batch work: may fail for hours
	SheddablePlus                     // background work: may fail for minutes
	Critical                          // what a user waits for (the default)
	CriticalPlus                      // what must not fail: payment, login
)

// String returns the name of p in snake_case, such as "critical_plus".
func (p Priority) String() string {
	switch p {
	case Sheddable:
		return "sheddable"
	case SheddablePlus:
		return "sheddable_plus"
	case Critical:
		return "critical"
	case CriticalPlus:
		return "critical_plus"
	default:
		return fmt.Sprintf("Priority(%d)", int8(p))
	}
}

// MarshalText writes the name of p.
func (p Priority) MarshalText() ([]byte, error) {
	if p < Sheddable || p > CriticalPlus {
		return nil, fmt.Errorf("gate: no priority has the value %d", int8(p))
	}
	return []byte(p.String()), nil
}

// UnmarshalText reads a name as written by [Priority.String].
func (p *Priority) UnmarshalText(text []byte) error {
	for known := Sheddable; known <= CriticalPlus; known++ {
		if known.String() == string(text) {
			*p = known
			return nil
		}
	}
	return fmt.Errorf("gate: unknown priority %q: want sheddable, sheddable_plus, critical or critical_plus", text)
}

type priorityKey struct{}

// WithPriority returns a context whose calls have the priority p.
func WithPriority(ctx context.Context, p Priority) context.Context {
	return context.WithValue(ctx, priorityKey{}, p)
}

// PriorityOf returns the priority of ctx: [Critical] where none was set.
func PriorityOf(ctx context.Context) Priority {
	p, _ := ctx.Value(priorityKey{}).(Priority)
	return p
}
