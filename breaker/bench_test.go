package breaker_test

import (
	"context"
	"testing"
	"time"

	"github.com/backstay-go/backstay/breaker"
)

// run measures f on one goroutine and on all processors.
func run(b *testing.B, name string, f func()) {
	b.Run("case="+name+"/serial", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			f()
		}
	})
	b.Run("case="+name+"/parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				f()
			}
		})
	})
}

// BenchmarkDo is a breaker around a call that does nothing.
func BenchmarkDo(b *testing.B) {
	ctx := context.Background()
	for name, c := range map[string]breaker.Config{
		"default":     {},
		"consecutive": {Consecutive: 5},
		"slow_call":   {SlowCall: time.Second},
	} {
		closed := breaker.New(c)
		run(b, name, func() { _ = closed.Do(ctx, succeed) })
	}
	failing := breaker.New(breaker.Config{MinCalls: 1e9})
	run(b, "failure", func() { _ = failing.Do(ctx, fail) })
}

// BenchmarkAcquire is the two-step form, with and without a reading of the clock
// that the caller shares.
func BenchmarkAcquire(b *testing.B) {
	ctx, now := context.Background(), time.Now()
	closed := breaker.New(breaker.Config{})
	run(b, "own_reading", func() {
		permit, _ := closed.Acquire(ctx)
		permit.Done(nil)
	})
	run(b, "shared_reading", func() {
		permit, _ := closed.AcquireAt(ctx, now)
		permit.DoneAt(now, nil)
	})
}

// BenchmarkRefuse is a call that does not run.
func BenchmarkRefuse(b *testing.B) {
	ctx := context.Background()
	open := breaker.New(breaker.Config{})
	open.ForceOpen(time.Hour, "")
	run(b, "open", func() { _ = open.Do(ctx, succeed) })

	probing := breaker.New(breaker.Config{ProbeTimeout: time.Hour})
	probing.ForceOpen(1, "")
	for probing.Snapshot().Probes < breaker.DefaultProbes {
		_, _ = probing.Acquire(ctx)
	}
	run(b, "half_open", func() { _ = probing.Do(ctx, succeed) })
}
