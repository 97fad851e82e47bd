package model

import (
	"cmp"
	"context"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay-go/backstay/internal/core/gcra"
	"github.com/backstay-go/backstay/ratelimit"
)

const (
	goroutines = 256
	hour       = int64(time.Hour)
)

// worstWindow returns the grants in the fullest window, as a part of what the
// limit allows there. It is exact as far as a float64 is.
func worstWindow(grants []grant, limit gcra.Spec) float64 {
	slices.SortFunc(grants, func(a, b grant) int { return cmp.Compare(a.at, b.at) })
	// Of the windows that end with a grant, the fullest begins where the limit
	// had been used least; time is counted in tokens * Period.
	worst, taken, least, from := 0.0, int64(0), int64(1)<<62, int64(0)
	for _, g := range grants {
		if used := taken*limit.Period - g.at*limit.Count; used < least {
			least, from = used, g.at
		}
		taken += g.tokens
		excess := taken*limit.Period - g.at*limit.Count - least - limit.Burst*limit.Period
		bound := limit.Burst*limit.Period + (g.at-from)*limit.Count
		worst = max(worst, 1+float64(excess)/float64(bound))
	}
	return worst
}

func checkAdmission(t *testing.T, grants []grant, limit gcra.Spec) {
	t.Helper()
	worst := worstWindow(grants, limit)
	total := int64(0)
	for _, g := range grants {
		total += g.tokens
	}
	share := float64(total) / (float64(limit.Burst) + float64(hour)*float64(limit.Count)/float64(limit.Period))
	t.Logf("%d grants; admitted/bound %.6f in the fullest window, %.3f of what an hour allows", len(grants), worst, share)
	if worst > 1 {
		t.Errorf("admitted/bound = %.9f, want at most 1", worst)
	}
	if share < 0.4 {
		t.Errorf("only %.3f of what the hour allows was admitted: the load shows little", share)
	}
}

// TestNoOverAdmissionByTheMachine lets goroutines run in parallel, each with a
// reading of the clock that others overtake, while the limits change.
func TestNoOverAdmissionByTheMachine(t *testing.T) {
	most := gcra.Spec{Count: 30, Period: int64(time.Second), Burst: 50}
	tests := map[string][]gcra.Spec{
		"constant": {most},
		"rates":    {most, {Count: 10, Period: int64(time.Second), Burst: 50}, {Count: 29, Period: 1e9 + 7, Burst: 50}},
		"bursts":   {most, {Count: 30, Period: int64(time.Second), Burst: 1}},
	}
	for name, specs := range tests {
		t.Run(name, func(t *testing.T) {
			meter := gcra.NewMeter(most)
			var clock atomic.Int64
			var mu sync.Mutex
			var grants []grant
			var all sync.WaitGroup
			for worker := range goroutines {
				random := rand.New(rand.NewPCG(1, uint64(worker)))
				all.Go(func() {
					mine := drive(meter, &clock, random, specs)
					mu.Lock()
					defer mu.Unlock()
					grants = append(grants, mine...)
				})
			}
			all.Wait()
			checkAdmission(t, grants, most)
		})
	}
}

// drive takes tokens until an hour has passed, which its own steps make pass.
func drive(meter *gcra.Meter, clock *atomic.Int64, random *rand.Rand, specs []gcra.Spec) (grants []grant) {
	for clock.Load() < hour {
		now := clock.Add(random.Int64N(2 * hour / 300_000))
		if random.IntN(4) == 0 {
			runtime.Gosched() // others overtake
		}
		if random.IntN(1000) == 0 {
			meter.Update(now, specs[random.IntN(len(specs))])
		}
		n := 1 + random.Int64N(3)
		if meter.Take(now, n) <= now {
			grants = append(grants, grant{now, n})
		}
	}
	return grants
}

// TestNoOverAdmission is the same for a limiter as it is used, under virtual
// time.
func TestNoOverAdmission(t *testing.T) {
	limit := gcra.Spec{Count: 20, Period: int64(time.Second), Burst: 50}
	limiter := func() *ratelimit.Limiter {
		return ratelimit.New(ratelimit.Config{Rate: ratelimit.Per(limit.Count, time.Second), Burst: int(limit.Burst)})
	}
	tests := map[string]func(*ratelimit.Limiter) bool{
		"allow":   (*ratelimit.Limiter).Allow,
		"acquire": func(l *ratelimit.Limiter) bool { _, err := l.Acquire(context.Background()); return err == nil },
		"wait": func(l *ratelimit.Limiter) bool {
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			defer cancel()
			return l.Wait(ctx, 1) == nil
		},
	}
	for name, take := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := limiter()
				checkAdmission(t, visitForAnHour(func() bool { return take(l) }), limit)
			})
		})
	}
}

// visitForAnHour sends 256 callers in bursts at random times.
func visitForAnHour(take func() bool) (grants []grant) {
	var mu sync.Mutex
	var all sync.WaitGroup
	begun := time.Now()
	for worker := range goroutines {
		random := rand.New(rand.NewPCG(2, uint64(worker)))
		all.Go(func() {
			for int64(time.Since(begun)) < hour {
				<-time.After(time.Duration(random.Int64N(int64(time.Minute))))
				for range random.IntN(40) {
					if take() {
						mu.Lock()
						grants = append(grants, grant{int64(time.Since(begun)), 1})
						mu.Unlock()
					}
				}
			}
		})
	}
	all.Wait()
	return grants
}
