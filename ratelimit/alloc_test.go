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
	config := ratelimit.Config{Rate: ratelimit.Per(1e9, time.Second), MaxKeys: 1}
	l, k := ratelimit.New(config), ratelimit.NewKeyed[string](config)
	addrs, addr := ratelimit.NewKeyed[netip.Addr](config), netip.MustParseAddr("2001:db8::1")
	tests := map[string]func(){
		"Allow":             func() { l.Allow() },
		"AllowN":            func() { _ = l.AllowN(3) },
		"Acquire":           func() { p, _ := l.Acquire(ctx); p.Done(nil) },
		"AcquireAt":         func() { p, _ := l.AcquireAt(ctx, now); p.DoneAt(now, nil) },
		"Wait":              func() { _ = l.Wait(ctx, 1) },
		"TakeUpTo":          func() { l.TakeUpTo(3) },
		"Refund":            func() { l.Refund(3) },
		"Status":            func() { l.Status() },
		"Keyed.Allow":       func() { k.Allow("a") },
		"Keyed.Allow, addr": func() { addrs.Allow(addr) },
		"Keyed.AllowN":      func() { _ = k.AllowN("a", 3) },
		"Keyed.Acquire":     func() { p, _ := k.Acquire(ctx, "a"); p.Done(nil) },
		"Keyed.Status":      func() { k.Status("a") },
	}
	for name, f := range tests {
		t.Run(name, func(t *testing.T) { wantAllocs(t, 0, f) })
	}
	t.Run("Reserve", func(t *testing.T) {
		wantAllocs(t, 1, func() { r, _ := l.Reserve(1); r.Cancel() })
	})
}

// A refusal that is an error is one allocation, for its After.
func TestAllocsOfRefusals(t *testing.T) {
	slow := ratelimit.Config{Rate: ratelimit.Per(1, time.Hour), MaxKeys: 1}
	several, waits, watched := slow, slow, slow
	several.And = []ratelimit.Quota{{Rate: ratelimit.Per(100, time.Hour)}}
	waits.MaxWait = time.Minute
	watched.Observer = event.Func(func(context.Context, event.Event) {})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, config := range map[string]ratelimit.Config{"one": slow, "several": several, "waits": waits, "watched": watched} {
		l, k := ratelimit.New(config), ratelimit.NewKeyed[string](config)
		l.Allow() // the last token, as the next line
		k.Allow("a")
		bools := 0.0
		if config.Observer != nil {
			bools = 1 // the observer gets an error
		}
		tests := map[string]struct {
			want float64
			f    func()
		}{
			"Allow":              {bools, func() { l.Allow() }},
			"AllowN":             {1, func() { _ = l.AllowN(1) }},
			"AllowN, too large":  {0, func() { _ = l.AllowN(2) }},
			"AllowN, negative":   {0, func() { _ = l.AllowN(-1) }},
			"Acquire":            {1, func() { _, _ = l.Acquire(t.Context()) }},
			"Acquire, ctx ended": {1, func() { _, _ = l.Acquire(ended) }},
			"Keyed.Allow":        {bools, func() { k.Allow("a") }},
			"Keyed.Acquire":      {1, func() { _, _ = k.Acquire(t.Context(), "a") }},
		}
		for call, test := range tests {
			t.Run(name+"/"+call, func(t *testing.T) { wantAllocs(t, test.want, test.f) })
		}
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
