package model

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/backstay-go/backstay/internal/core/gcra"
)

// grant is so many tokens given at one time.
type grant struct{ at, tokens int64 }

// ledger is a rate limiter that keeps every grant, and refuses what would make
// any window that ends now hold more than the limit says. That is the promise
// itself, so the ledger is right by definition.
type ledger struct {
	limits []gcra.Spec
	grants []grant
}

// left returns how many tokens can be granted at the time now.
func (l *ledger) left(now int64) int64 {
	least := int64(gcra.MaxBurst)
	for _, limit := range l.limits {
		held := int64(0)
		least = min(least, limit.Burst)
		for i := len(l.grants) - 1; i >= 0; i-- {
			held += l.grants[i].tokens
			// The window that begins with grant i may hold the burst, and what
			// has been refilled since, in whole tokens.
			refilled := floorDiv((now-l.grants[i].at)*limit.Count, limit.Period)
			least = min(least, limit.Burst+refilled-held)
		}
	}
	return max(0, least)
}

func floorDiv(a, b int64) int64 {
	if a < 0 {
		return -((-a + b - 1) / b)
	}
	return a / b
}

// rounding returns how many nanoseconds late a grant may be: none, unless the
// meter has to count in ticks that readings do not fit, and charges from the next
// one.
func rounding(limits []gcra.Spec) int64 {
	for _, limit := range limits {
		if _, exact := gcra.Exact(limit); !exact {
			return 2
		}
	}
	return 0
}

func drawSpec(t *rapid.T) gcra.Spec {
	return gcra.Spec{
		Count:  rapid.OneOf(rapid.Int64Range(1, 32), rapid.Int64Range(1, 1000)).Draw(t, "count"),
		Period: rapid.SampledFrom([]int64{1000, 1e6 + 1, int64(time.Second), int64(time.Minute)}).Draw(t, "period"),
		Burst:  rapid.Int64Range(1, 20).Draw(t, "burst"),
	}
}

// limiterPair drives a meter and a ledger with the same steps.
type limiterPair struct {
	meter  *gcra.Meter
	ledger ledger
	late   int64 // how late a grant may be
	now    int64
}

func TestLimiterAgainstLedger(t *testing.T) {
	var steps, refused int
	rapid.Check(t, func(t *rapid.T) {
		specs := []gcra.Spec{drawSpec(t)}
		if rapid.Bool().Draw(t, "two limits") {
			specs = append(specs, drawSpec(t))
		}
		p := &limiterPair{meter: gcra.NewMeter(specs...), ledger: ledger{limits: specs}, late: rounding(specs)}
		t.Repeat(map[string]func(*rapid.T){
			"wait": p.wait,
			"take": func(t *rapid.T) {
				if !p.take(t) {
					refused++
				}
			},
			"one":      func(t *rapid.T) { p.takeN(t, 1) },
			"up to":    p.takeUpTo,
			"just due": p.justDue,
			"":         func(*rapid.T) { steps++ },
		})
	})
	t.Logf("%d steps, %d refusals", steps, refused)
	if refused < steps/50 {
		t.Errorf("%d of %d steps were refused: the steps explore little", refused, steps)
	}
}

func (p *limiterPair) wait(t *rapid.T) {
	scale := rapid.SampledFrom([]int64{10, p.ledger.limits[0].Period / p.ledger.limits[0].Count, p.ledger.limits[0].Period}).Draw(t, "scale")
	p.now += rapid.Int64Range(0, max(1, scale)).Draw(t, "wait")
}

func (p *limiterPair) take(t *rapid.T) bool {
	return p.takeN(t, rapid.Int64Range(1, 25).Draw(t, "n"))
}

// takeN asks for n tokens. The meter must not give what the ledger does not,
// and must give what the ledger does, or would have given as long ago as p.late.
func (p *limiterPair) takeN(t *rapid.T, n int64) bool {
	ready := p.meter.Take(p.now, n)
	granted := ready <= p.now
	if granted && n > p.ledger.left(p.now) {
		t.Fatalf("at %d: %d tokens granted, %d are left", p.now, n, p.ledger.left(p.now))
	}
	if !granted && n <= p.ledger.left(p.now-p.late) {
		t.Fatalf("at %d: %d tokens refused until %d, %d are left", p.now, n, ready, p.ledger.left(p.now-p.late))
	}
	if granted {
		p.ledger.grants = append(p.ledger.grants, grant{p.now, n})
	}
	return granted
}

func (p *limiterPair) takeUpTo(t *rapid.T) {
	n := rapid.Int64Range(1, 25).Draw(t, "n")
	least, most := min(n, p.ledger.left(p.now-p.late)), min(n, p.ledger.left(p.now))
	got := p.meter.TakeUpTo(p.now, n)
	if got < least || got > most {
		t.Fatalf("at %d: %d of %d tokens granted, want %d to %d", p.now, got, n, least, most)
	}
	if got > 0 {
		p.ledger.grants = append(p.ledger.grants, grant{p.now, got})
	}
}

// justDue waits as long as a refusal says: a nanosecond earlier is too early.
func (p *limiterPair) justDue(t *rapid.T) {
	n := rapid.Int64Range(1, p.ledger.limits[0].Burst).Draw(t, "n")
	ready := p.meter.Take(p.now, n)
	switch {
	case ready == gcra.Never: // more than the other limit's burst
	case ready <= p.now:
		p.ledger.grants = append(p.ledger.grants, grant{p.now, n})
	default:
		if p.meter.Take(ready-1, n) <= ready-1 {
			t.Fatalf("at %d: %d tokens granted, a nanosecond before they are due", ready-1, n)
		}
		p.now = ready
		if !p.takeN(t, n) {
			t.Fatalf("at %d: %d tokens refused when they are due", ready, n)
		}
	}
}
