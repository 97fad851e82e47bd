package breaker_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/backstay-go/backstay/breaker"
	"github.com/backstay-go/backstay/event"
	"github.com/backstay-go/backstay/gate"
)

// wantAllocs fails the test if f allocates something else.
func wantAllocs(t *testing.T, what string, want float64, f func()) {
	t.Helper()
	if got := testing.AllocsPerRun(200, f); got != want {
		t.Errorf("%s makes %v allocations, want %v", what, got, want)
	}
}

func TestAllocs(t *testing.T) {
	ctx, now := t.Context(), time.Now()
	closed := breaker.New(breaker.Config{})
	wantAllocs(t, "Do", 0, func() { _ = closed.Do(ctx, succeed) })
	wantAllocs(t, "gate.Do", 0, func() { _ = gate.Do(ctx, closed, succeed) })
	wantAllocs(t, "AcquireAt", 0, func() {
		permit, _ := closed.AcquireAt(ctx, now)
		permit.DoneAt(now, nil)
	})
	wantAllocs(t, "State", 0, func() { closed.State() })
	wantAllocs(t, "Snapshot", 0, func() { closed.Snapshot() })

	timed := breaker.New(breaker.Config{SlowCall: time.Hour})
	wantAllocs(t, "Do with SlowCall", 0, func() { _ = timed.Do(ctx, succeed) })

	failing := breaker.New(breaker.Config{Consecutive: 1e9, FailureRate: 1, MinCalls: 1e9})
	wantAllocs(t, "Do of a failure", 0, func() { _ = failing.Do(ctx, fail) })
}

func TestRefusingAllocatesNothing(t *testing.T) {
	ctx := t.Context()
	observer := event.Func(func(context.Context, event.Event) {})
	for name, c := range map[string]breaker.Config{
		"quiet": {}, "observed": {Observer: observer}, "observing": {ObserveOnly: true, Observer: observer},
	} {
		open := breaker.New(c)
		open.ForceOpen(time.Hour, "")
		wantAllocs(t, name+", open: a refusal", 0, func() { _, _ = open.Acquire(ctx) })

		probing := breaker.New(c)
		probing.ForceOpen(1, "")
		for probing.Snapshot().Probes < breaker.DefaultProbes {
			_, _ = probing.Acquire(ctx)
		}
		wantAllocs(t, name+", half-open: a refusal", 0, func() { _, _ = probing.Acquire(ctx) })
	}
}

// TestMemory bounds what a breaker takes that has not opened.
func TestMemory(t *testing.T) {
	const n = 1000
	breakers := make([]*breaker.Breaker, n)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range breakers {
		breakers[i] = breaker.New(breaker.Config{Name: "users"})
	}
	runtime.ReadMemStats(&after)
	// A little for what else the runtime does meanwhile.
	if got := float64(after.TotalAlloc-before.TotalAlloc) / n; got > 512+8 {
		t.Errorf("a breaker takes %.0f bytes, want at most 512", got)
	}
	runtime.KeepAlive(breakers)
}
