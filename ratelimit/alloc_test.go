package ratelimit_test

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/backstay-go/backstay/event"
	"github.com/backstay-go/backstay/ratelimit"
)

// wantAllocs runs f, and fails the test if it allocates more than want.
func wantAllocs(t *testing.T, want float64, f func()) {
	t.Helper()
	if got := testing.AllocsPerRun(100, f); got > want {
		t.Errorf("%v allocations, want %v", got, want)
	}
}

func TestAllocs(t *testing.T) {
	ctx, now := t.Context(), time.Now()
	ended, cancel := context.WithCancel(ctx)
	cancel()
	fast := ratelimit.Config{Rate: ratelimit.Per(1e9, time.Second), MaxKeys: 1}
	slow := ratelimit.Config{Rate: ratelimit.Per(1, time.Hour), MaxKeys: 1}
	several, waits, watched := slow, slow, slow
	several.And = []ratelimit.Quota{{Rate: ratelimit.Per(100, time.Hour)}}
	waits.MaxWait = time.Minute
	watched.Observer = event.Func(func(context.Context, event.Event) {})

	open, keys := ratelimit.New(fast), ratelimit.NewKeyed[string](fast)
	addrs := ratelimit.NewKeyed[netip.Addr](fast)
	addr := netip.MustParseAddr("2001:db8::1")
	// All of these refuse from now on.
	refusing := map[string]*ratelimit.Limiter{}
	refusingKeys := map[string]*ratelimit.Keyed[string]{}
	for name, c := range map[string]ratelimit.Config{"one": slow, "several": several, "waits": waits, "watched": watched} {
		refusing[name], refusingKeys[name] = ratelimit.New(c), ratelimit.NewKeyed[string](c)
		refusing[name].Allow()
		refusingKeys[name].Allow("a")
	}
	tests := map[string]struct {
		want float64
		f    func()
	}{
		"Allow":             {0, func() { open.Allow() }},
		"AllowN":            {0, func() { _ = open.AllowN(3) }},
		"Acquire":           {0, func() { p, _ := open.Acquire(ctx); p.Done(nil) }},
		"AcquireAt":         {0, func() { p, _ := open.AcquireAt(ctx, now); p.DoneAt(now, nil) }},
		"Wait":              {0, func() { _ = open.Wait(ctx, 1) }},
		"TakeUpTo":          {0, func() { open.TakeUpTo(3) }},
		"Refund":            {0, func() { open.Refund(3) }},
		"Status":            {0, func() { open.Status() }},
		"Reserve":           {1, func() { r, _ := open.Reserve(1); r.Cancel() }},
		"Keyed.Allow":       {0, func() { keys.Allow("a") }},
		"Keyed.Allow, addr": {0, func() { addrs.Allow(addr) }},
		"Keyed.AllowN":      {0, func() { _ = keys.AllowN("a", 3) }},
		"Keyed.Acquire":     {0, func() { p, _ := keys.Acquire(ctx, "a"); p.Done(nil) }},
		"Keyed.Status":      {0, func() { keys.Status("a") }},

		"refused Allow":                  {0, func() { refusing["one"].Allow() }},
		"refused Allow, several":         {0, func() { refusing["several"].Allow() }},
		"refused Allow, watched":         {1, func() { refusing["watched"].Allow() }},
		"refused AllowN":                 {1, func() { _ = refusing["one"].AllowN(1) }},
		"refused AllowN, too large":      {0, func() { _ = refusing["one"].AllowN(2) }},
		"refused AllowN, negative":       {0, func() { _ = refusing["one"].AllowN(-1) }},
		"refused Acquire":                {1, func() { _, _ = refusing["one"].Acquire(ctx) }},
		"refused Acquire, waits":         {1, func() { _, _ = refusing["waits"].Acquire(ctx) }},
		"refused Acquire, watched":       {1, func() { _, _ = refusing["watched"].Acquire(ctx) }},
		"refused Acquire, ctx ended":     {1, func() { _, _ = refusing["waits"].Acquire(ended) }},
		"refused Keyed.Allow":            {0, func() { refusingKeys["one"].Allow("a") }},
		"refused Keyed.Allow, several":   {0, func() { refusingKeys["several"].Allow("a") }},
		"refused Keyed.Acquire":          {1, func() { _, _ = refusingKeys["one"].Acquire(ctx, "a") }},
		"refused Keyed.Acquire, waits":   {1, func() { _, _ = refusingKeys["waits"].Acquire(ctx, "a") }},
		"refused Keyed.Acquire, watched": {1, func() { _, _ = refusingKeys["watched"].Acquire(ctx, "a") }},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { wantAllocs(t, test.want, test.f) })
	}
}

// compare runs a benchmark with one caller and with one on each core.
func compare(b *testing.B, name string, call func()) {
	b.Run("case="+name+"/callers=one", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			call()
		}
	})
	b.Run("case="+name+"/callers=many", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				call()
			}
		})
	})
}

// BenchmarkAllow is what most callers do: at a rate that no nanosecond divides,
// too, and under several limits.
func BenchmarkAllow(b *testing.B) {
	round := ratelimit.New(ratelimit.Config{Rate: ratelimit.Per(1e9, time.Second)})
	odd := ratelimit.New(ratelimit.Config{Rate: ratelimit.Per(999_999_937, time.Second)})
	several := ratelimit.New(ratelimit.Config{
		Rate: ratelimit.Per(1e9, time.Second), And: []ratelimit.Quota{{Rate: ratelimit.Per(1e12, time.Hour)}},
	})
	compare(b, "round", func() { round.Allow() })
	compare(b, "odd", func() { odd.Allow() })
	compare(b, "several", func() { several.Allow() })
}

func BenchmarkRefuse(b *testing.B) {
	l := ratelimit.New(ratelimit.Config{Rate: ratelimit.Per(1, time.Hour)})
	l.Allow()
	compare(b, "allow", func() { l.Allow() })
	compare(b, "acquire", func() { _, _ = l.Acquire(b.Context()) })
}

func BenchmarkKeyed(b *testing.B) {
	for _, n := range []int{1_000, 100_000, 1_000_000} {
		k := ratelimit.NewKeyed[int](ratelimit.Config{Rate: ratelimit.Per(100, time.Second), MaxKeys: n})
		b.Run(fmt.Sprintf("case=allow/keys=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			key := 0
			for b.Loop() {
				key = (key*1_103_515_245 + 12_345) & (1<<31 - 1)
				k.Allow(key % n)
			}
		})
	}
}
