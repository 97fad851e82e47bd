package bulkhead_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay-go/backstay/bulkhead"
	"github.com/backstay-go/backstay/event"
	"github.com/backstay-go/backstay/gate"
)

// wantAllocs runs f, and fails the test if it allocates more than want.
func wantAllocs(t *testing.T, want float64, f func()) {
	t.Helper()
	if got := testing.AllocsPerRun(100, f); got > want {
		t.Errorf("%v allocations, want %v", got, want)
	}
}

func TestAllocs(t *testing.T) {
	ctx := gate.WithPriority(t.Context(), gate.Sheddable)
	over, cancel := context.WithCancel(ctx)
	cancel()
	now := time.Now()
	free := bulkhead.New(bulkhead.Config{Limit: 2})
	last := bulkhead.New(bulkhead.Config{Limit: 1, Queue: 1})
	observer := event.Func(func(context.Context, event.Event) {})

	// All of these hold their permits from now on.
	full := bulkhead.New(bulkhead.Config{Limit: 1})
	watched := bulkhead.New(bulkhead.Config{Limit: 1, Observer: observer})
	queue := bulkhead.New(bulkhead.Config{Limit: 1, Queue: 1})
	for _, b := range []*bulkhead.Bulkhead{full, watched, queue} {
		take(t, b, 1)
	}
	tests := map[string]func(){
		"call":              func() { p, _ := free.Acquire(ctx); p.Done(nil) },
		"call at a time":    func() { p, _ := free.AcquireAt(ctx, now); p.DoneAt(now, nil) },
		"large call":        func() { p, _ := free.AcquireN(ctx, 2); p.Done(nil) },
		"last permit":       func() { p, _ := last.AcquireAt(ctx, now); p.DoneAt(now, nil) },
		"full":              func() { _, _ = full.Acquire(ctx) },
		"full and observed": func() { _, _ = watched.Acquire(ctx) },
		"too large":         func() { _, _ = full.AcquireN(ctx, 3) },
		"context ended":     func() { _, _ = queue.Acquire(over) },
		"Snapshot":          func() { _ = queue.Snapshot() },
	}
	for name, f := range tests {
		t.Run(name, func(t *testing.T) { wantAllocs(t, 0, f) })
	}
}

func TestAllocsOfFullQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := bulkhead.New(bulkhead.Config{Limit: 1, Queue: 1, MaxWait: time.Hour})
		ctx := gate.WithPriority(t.Context(), gate.Sheddable)
		take(t, b, 1)
		go b.Acquire(ctx)
		synctest.Wait()
		wantAllocs(t, 0, func() { _, _ = b.Acquire(ctx) })
	})
}

func BenchmarkAcquire(b *testing.B) {
	now := time.Now()
	cases := map[string]func(*bulkhead.Bulkhead, context.Context) error{
		"call": func(g *bulkhead.Bulkhead, ctx context.Context) error {
			p, err := g.Acquire(ctx)
			p.Done(nil)
			return err
		},
		"timed": func(g *bulkhead.Bulkhead, ctx context.Context) error {
			p, err := g.AcquireAt(ctx, now)
			p.DoneAt(now, nil)
			return err
		},
		"large": func(g *bulkhead.Bulkhead, ctx context.Context) error {
			p, err := g.AcquireN(ctx, 4)
			p.Done(nil)
			return err
		},
	}
	for name, call := range cases {
		g := bulkhead.New(bulkhead.Config{Limit: 1000, Queue: 1000})
		b.Run("case="+name+"/callers=one", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := call(g, b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("case="+name+"/callers=many", func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := call(g, b.Context()); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

func BenchmarkRefuse(b *testing.B) {
	g := bulkhead.New(bulkhead.Config{Limit: 1})
	if _, err := g.Acquire(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Run("case=full/callers=one", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = g.Acquire(b.Context())
		}
	})
	b.Run("case=full/callers=many", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				_, _ = g.Acquire(b.Context())
			}
		})
	})
}

// BenchmarkWait is a call that waits for another one to end.
func BenchmarkWait(b *testing.B) {
	g := bulkhead.New(bulkhead.Config{Limit: 1, Queue: 1000, MaxWait: time.Hour})
	b.ReportAllocs()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			p, _ := g.Acquire(b.Context())
			p.Done(nil)
		}
	})
}
