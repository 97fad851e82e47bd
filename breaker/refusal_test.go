package breaker

import (
	"context"
	"testing"
	"time"

	"github.com/backstay-go/backstay/internal/core/trip"
)

// TestAfterIsTheNextStep asks just before, at and after every step.
func TestAfterIsTheNextStep(t *testing.T) {
	for _, whole := range []int64{1, 2, 15, 16, 17, 1000, int64(5 * time.Second), int64(365 * 24 * time.Hour)} {
		r := &refusing{settings: &settings{}, until: whole}
		r.countDown(whole)
		step := int64(1) << r.shift
		if step > 1 && 8*step >= whole {
			t.Errorf("%d: a step is %d, want less than an eighth", whole, step)
		}
		for end := step; end < whole+step; end += step {
			for _, left := range []int64{end - step + 1, end - 1, end} {
				if left < 1 || left > whole || left <= end-step {
					continue
				}
				if got := int64(r.at(whole - left).After); got != end {
					t.Errorf("%d: with %d left After is %d, want %d", whole, left, got, end)
				}
			}
		}
	}
}

// TestDecisionsWithoutTheLock makes the decisions that are not to wait for
// anybody while somebody holds the lock.
func TestDecisionsWithoutTheLock(t *testing.T) {
	ok := func(context.Context) error { return nil }
	const long = 10000 * time.Hour / 2 // so that no bucket and no turn passes meanwhile
	for name, c := range map[string]Config{"closed": {Window: long}, "timed": {Window: long, SlowCall: long}} {
		t.Run(name, func(t *testing.T) {
			b := New(c)
			b.mu.Lock()
			if err := b.Do(t.Context(), ok); err != nil {
				t.Errorf("Do = %v, want nil", err)
			}
		})
	}
	t.Run("open", func(t *testing.T) {
		b := New(Config{})
		b.ForceOpen(0, "")
		b.mu.Lock()
		if err := b.Do(t.Context(), ok); err == nil {
			t.Error("Do = nil, want a refusal")
		}
	})
	t.Run("half-open", func(t *testing.T) {
		b := New(Config{ProbeTimeout: time.Hour})
		b.ForceOpen(1, "")
		for b.Snapshot().Probes < DefaultProbes {
			_, _ = b.Acquire(t.Context())
		}
		b.mu.Lock()
		if b.machine.Phase() != trip.Probing {
			t.Fatalf("phase %v, want probing", b.machine.Phase())
		}
		if err := b.Do(t.Context(), ok); err == nil {
			t.Error("Do = nil, want a refusal")
		}
	})
}
