package naive

import (
	"context"
	"errors"
	"sync"
	"time"
)

// ErrOpen is the refusal of a Breaker.
var ErrOpen = errors.New("circuit open")

// Breaker opens after a number of failures in a row.
type Breaker struct {
	Failures int
	Cooldown time.Duration

	mu       sync.Mutex
	failures int
	opened   time.Time
	open     bool
}

// Do admits everybody once the cooldown is over, and looks away when the context
// has ended, which is how calls to a dependency that hangs do end.
func (b *Breaker) Do(ctx context.Context, op func(context.Context) error) error {
	b.mu.Lock()
	if b.open && time.Since(b.opened) < b.Cooldown {
		b.mu.Unlock()
		return ErrOpen
	}
	b.mu.Unlock()
	err := op(ctx)
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil {
		b.failures, b.open = 0, false
		return nil
	}
	if b.failures++; b.failures >= b.Failures {
		b.open, b.opened = true, time.Now()
	}
	return err
}

// State returns "closed", "half-open" or "open".
func (b *Breaker) State() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case !b.open:
		return "closed"
	case time.Since(b.opened) < b.Cooldown:
		return "open"
	default:
		return "half-open"
	}
}
