package naive

import (
	"context"
	"math/rand/v2"
	"time"
)

// Retry runs an operation until it succeeds.
type Retry struct {
	Attempts  int
	Base, Max time.Duration
	Jitter    float64 // 0.1 as a rule
}

// Do doubles the delay with a shift, bounds it before it adds the jitter, and
// jitters by so little that callers which failed together come back together.
func (r *Retry) Do(ctx context.Context, op func(context.Context) error) error {
	var err error
	for attempt := range r.Attempts {
		if err = op(ctx); err == nil {
			return nil
		}
		delay := min(r.Base<<attempt, r.Max)
		delay += time.Duration(rand.Float64() * r.Jitter * float64(delay))
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return err
}
