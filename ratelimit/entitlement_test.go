package ratelimit_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay-go/backstay/internal/bubble"
	"github.com/backstay-go/backstay/internal/ledger"
	"github.com/backstay-go/backstay/ratelimit"
)

const callers = 256

// crowd lets callers come at random times for a virtual hour. Each of them has a
// number and randomness of its own.
func crowd(t *testing.T, come func(caller int, random *rand.Rand)) {
	t.Helper()
	begun := time.Now()
	var all sync.WaitGroup
	for caller := range callers {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(caller), 1))
			for time.Since(begun) < time.Hour {
				come(caller, random)
				// Now and then several come at the same nanosecond.
				pause := time.Duration(random.Int64N(int64(40 * time.Second)))
				if random.IntN(4) == 0 {
					pause = pause.Round(10 * time.Second)
				}
				bubble.Pause(pause)
			}
		})
	}
	all.Wait()
}

// used notes in l that n tokens were used now.
func used(l *ledger.Ledger, begun time.Time, n int) { l.Use(int64(time.Since(begun)), int64(n)) }

// check fails the test if l shows a use beyond the quota, or if less than 98 % of
// what was there for the taking was used.
func check(t *testing.T, l *ledger.Ledger, q ratelimit.Quota) {
	t.Helper()
	l.Check(t, q.Rate.Count, int64(q.Rate.Period), int64(q.Burst))
	most := float64(time.Hour)/float64(q.Rate.Period)*float64(q.Rate.Count) + float64(q.Burst)
	ratio := float64(l.Total()) / most
	t.Logf("admitted/bound = %.4f", ratio)
	if ratio > 1 || ratio < 0.98 {
		t.Errorf("%v, burst %d: admitted/bound = %.4f, want 0.98 to 1", q.Rate, q.Burst, ratio)
	}
}

// quotas are limits that a crowd reaches.
var quotas = []ratelimit.Quota{
	{Rate: ratelimit.Per(1, time.Second), Burst: 20},
	{Rate: ratelimit.Per(7, 10*time.Second), Burst: 30},
	{Rate: ratelimit.Per(999, time.Hour), Burst: 50},
}

func TestCrowdNeverExceedsTheLimit(t *testing.T) {
	for _, q := range quotas {
		synctest.Test(t, func(t *testing.T) {
			l := ratelimit.New(ratelimit.Config{Rate: q.Rate, Burst: q.Burst})
			var admitted ledger.Ledger
			begun := time.Now()
			crowd(t, func(_ int, random *rand.Rand) {
				n := 1 + random.IntN(3)
				switch random.IntN(3) {
				case 0:
					if l.AllowN(n) == nil {
						used(&admitted, begun, n)
					}
				case 1:
					if got := l.TakeUpTo(n); got > 0 {
						used(&admitted, begun, got)
					}
				default:
					if _, err := l.Acquire(t.Context()); err == nil {
						used(&admitted, begun, 1)
					}
				}
			})
			check(t, &admitted, q)
		})
	}
}

func TestCrowdNeverExceedsAnyOfSeveralLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := ratelimit.Quota{Rate: ratelimit.Per(2, time.Second), Burst: 3}
		b := ratelimit.Quota{Rate: ratelimit.Per(30, time.Minute), Burst: 60}
		config := ratelimit.Config{Rate: a.Rate, Burst: a.Burst, And: []ratelimit.Quota{b}}
		l, k := ratelimit.New(config), ratelimit.NewKeyed[int](config)
		var all, each ledger.Ledger
		begun := time.Now()
		crowd(t, func(int, *rand.Rand) {
			if l.Allow() {
				used(&all, begun, 1)
			}
			if k.Allow(7) {
				used(&each, begun, 1)
			}
		})
		for _, admitted := range []*ledger.Ledger{&all, &each} {
			admitted.Check(t, a.Rate.Count, int64(a.Rate.Period), int64(a.Burst))
			check(t, admitted, b)
		}
	})
}

func TestCrowdThatWaitsNeverExceedsTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := quotas[0]
		config := ratelimit.Config{Rate: q.Rate, Burst: q.Burst, MaxWait: 30 * time.Second}
		l, k := ratelimit.New(config), ratelimit.NewKeyed[int](config)
		var all, each ledger.Ledger
		begun := time.Now()
		crowd(t, func(caller int, _ *rand.Rand) {
			if caller%2 == 0 {
				if _, err := l.Acquire(t.Context()); err == nil {
					used(&all, begun, 1)
				}
			} else if _, err := k.Acquire(t.Context(), 7); err == nil {
				used(&each, begun, 1)
			}
		})
		all.Check(t, q.Rate.Count, int64(q.Rate.Period), int64(q.Burst))
		each.Check(t, q.Rate.Count, int64(q.Rate.Period), int64(q.Burst))
	})
}

// Each caller's clock lags by up to a minute, and differently at each call. What
// is admitted in the whole hour is no more than with clocks that agree.
func TestCrowdWithLateClocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := quotas[0]
		l := ratelimit.New(ratelimit.Config{Rate: q.Rate, Burst: q.Burst})
		begun := time.Now()
		var admitted ledger.Ledger
		crowd(t, func(_ int, random *rand.Rand) {
			now := time.Now().Add(-time.Duration(random.Int64N(int64(time.Minute))))
			if _, err := l.AcquireAt(t.Context(), now); err == nil {
				used(&admitted, begun, 1)
			}
		})
		most := int64(time.Since(begun)/q.Rate.Period)*q.Rate.Count + int64(q.Burst)
		if got := admitted.Total(); got > most {
			t.Errorf("admitted %d calls in an hour with late clocks, want %d at most", got, most)
		}
	})
}

func TestCrowdWhileTheConfigChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		most := ratelimit.Quota{Rate: ratelimit.Per(1, time.Second), Burst: 50}
		configs := []ratelimit.Config{
			{Rate: most.Rate, Burst: most.Burst},
			{Rate: ratelimit.Per(1, 3*time.Second), Burst: 5},
			{Rate: most.Rate, Burst: 10, And: []ratelimit.Quota{{Rate: ratelimit.Per(7, 7*time.Second), Burst: 20}}},
			{Rate: ratelimit.Per(999, 1000*time.Second), Burst: 1},
		}
		l := ratelimit.New(configs[0])
		begun := time.Now()
		var admitted ledger.Ledger
		crowd(t, func(_ int, random *rand.Rand) {
			if random.IntN(20) == 0 {
				if err := l.Update(configs[random.IntN(len(configs))]); err != nil {
					t.Error(err)
				}
			}
			if l.Allow() {
				used(&admitted, begun, 1)
			}
		})
		admitted.Check(t, most.Rate.Count, int64(most.Rate.Period), int64(most.Burst))
	})
}

func TestCrowdOfKeysNeverExceedsTheLimitOfOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := ratelimit.Quota{Rate: ratelimit.Per(1, time.Minute), Burst: 3}
		// Room for a part of the keys: the others crowd.
		k := ratelimit.NewKeyed[int](ratelimit.Config{Rate: q.Rate, Burst: q.Burst, MaxKeys: 1})
		const keys = 2000
		var admitted [keys]ledger.Ledger
		begun := time.Now()
		crowd(t, func(_ int, random *rand.Rand) {
			for range 4 {
				key := random.IntN(keys)
				if random.IntN(2) == 0 {
					key %= 10
				}
				if k.Allow(key) {
					used(&admitted[key], begun, 1)
				}
			}
		})
		for i := range admitted {
			admitted[i].Check(t, q.Rate.Count, int64(q.Rate.Period), int64(q.Burst))
		}
		for i := range 10 {
			check(t, &admitted[i], q)
		}
		if k.Snapshot().Crowded == 0 {
			t.Error("no key crowded: the test tests nothing of that")
		}
	})
}
