package scenario

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/backstay-go/backstay/traps/driver"
)

// amplification counts how many attempts reach a dependency that is down, and
// then how many calls succeed against one that fails 30 % of the time.
func amplification(s *Scene) {
	outages := []struct {
		perSecond int
		lasts     time.Duration
		most      float64
	}{
		{1, 10 * time.Minute, 1.10},
		{10, 10 * time.Minute, 1.02},
		{100, 2 * time.Minute, 1.01},
		{1000, 20 * time.Second, 1.01},
	}
	for _, o := range outages {
		calls, attempts, _ := s.load(o.perSecond, o.lasts, func() error { return errDown })
		ratio := float64(attempts) / float64(calls)
		s.Check(ratio <= o.most, "%.2f attempts per call in an outage at %d calls per second, want at most %.2f", ratio, o.perSecond, o.most)
	}
	random := rand.New(rand.NewPCG(1, 2))
	var mu sync.Mutex
	calls, _, succeeded := s.load(100, time.Minute, func() error {
		mu.Lock()
		defer mu.Unlock()
		if random.IntN(10) < 3 {
			return errDown
		}
		return nil
	})
	s.Check(succeeded*100 >= calls*99, "at 30 %% errors only %d of %d calls succeed", succeeded, calls)
}

// load makes calls at an even rate through a new policy with a budget.
func (s *Scene) load(perSecond int, lasts time.Duration, result func() error) (calls, attempts, succeeded int64) {
	policy := s.retry(driver.RetryConfig{Attempts: 5, Base: 100 * time.Millisecond, Cap: 10 * time.Second, Jitter: true, Budget: true})
	var made, ok atomic.Int64
	op := func(context.Context) error {
		made.Add(1)
		<-time.After(20 * time.Millisecond)
		return result()
	}
	var all sync.WaitGroup
	every := time.Second / time.Duration(perSecond)
	for at := time.Duration(0); at < lasts; at += every {
		calls++
		all.Go(func() {
			if policy.Do(s.Ctx, op) == nil {
				ok.Add(1)
			}
		})
		<-time.After(every)
	}
	all.Wait()
	return calls, made.Load(), ok.Load()
}
