package scenario

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/backstay-go/backstay/traps/driver"
)

func badObservers(s *Scene) {
	s.observerAsksForState()
	s.observerBlocks()
	s.observerPanics()
}

func (s *Scene) observerAsksForState() {
	var b driver.Breaker
	c := trips(1)
	c.OnChange = func(_, _ driver.State) { _ = b.State() }
	b = s.breaker(c)
	s.trip(b)
	s.Advance(c.Cooldown + time.Millisecond)
	s.Check(s.recovers(b), "still %v after two minutes with an observer that asks for the state", b.State())
}

func (s *Scene) observerBlocks() {
	c := trips(1)
	c.OnChange = func(_, _ driver.State) { <-time.After(time.Second) }
	b := s.breaker(c)
	go func() {
		for range 10 {
			_ = b.Do(s.Ctx, fails)
		}
	}()
	s.Advance(time.Millisecond)
	begun := time.Now()
	err := b.Do(s.Ctx, succeeds)
	s.Check(refused(err) && time.Since(begun) == 0, "a call was decided after %v (%v): it waits for an observer that blocks", time.Since(begun), err)
	s.Advance(2 * time.Second)
}

func (s *Scene) observerPanics() {
	c := trips(1)
	c.OnChange = func(_, _ driver.State) { panic("the observer's own") }
	b := s.breaker(c)
	panicked := contained(func() {
		for range 10 {
			_ = b.Do(s.Ctx, fails)
		}
	})
	s.Check(!panicked, "a panic of the observer reached the caller")
	s.Check(b.State() == driver.Open, "a panic of the observer left it %v", b.State())
	s.Advance(c.Cooldown + time.Millisecond)
	s.Check(s.recovers(b), "still %v two minutes after a panic of the observer", b.State())
}

// orderedTransitions lets crowds drive breakers: whether goroutines overtake each
// other is up to the scheduler, so that one crowd may see nothing.
func orderedTransitions(s *Scene) {
	for range 8 {
		s.crowd()
	}
}

// crowd lets 256 goroutines drive one breaker round and round.
func (s *Scene) crowd() {
	type transition struct{ from, to driver.State }
	var mu sync.Mutex
	var seen []transition
	c := trips(2)
	c.Window, c.Cooldown = 100*time.Millisecond, time.Millisecond
	c.OnChange = func(from, to driver.State) {
		for range 8 {
			runtime.Gosched() // as any observer that does some work
		}
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, transition{from, to})
	}
	b := s.breaker(c)
	begun := time.Now()
	op := func(context.Context) error { // down every other second
		if time.Since(begun)/time.Second%2 == 0 {
			return errDown
		}
		return nil
	}
	var all sync.WaitGroup
	for worker := range 256 {
		random := rand.New(rand.NewPCG(1, uint64(worker)))
		all.Go(func() {
			for range 200 {
				_ = b.Do(s.Ctx, op)
				<-time.After(time.Duration(1+random.IntN(199)) * time.Millisecond)
			}
		})
	}
	all.Wait()
	s.Check(len(seen) > 20, "only %d transitions", len(seen))
	last := driver.Closed
	for _, t := range seen {
		s.Check(t.from == last && t.to != t.from, "out of order: a transition from %v to %v after one to %v", t.from, t.to, last)
		last = t.to
	}
}

// stampede sends 256 callers at a half-open breaker, ten times.
func stampede(s *Scene) {
	const probes = 3
	b := s.halfOpen(trips(probes))
	var inside, most atomic.Int64
	op := func(context.Context) error {
		n := inside.Add(1)
		defer inside.Add(-1)
		for seen := most.Load(); n > seen && !most.CompareAndSwap(seen, n); seen = most.Load() {
		}
		<-time.After(10 * time.Millisecond)
		return errDown
	}
	for range 10 {
		var all sync.WaitGroup
		for range 256 {
			all.Go(func() { _ = b.Do(s.Ctx, op) })
		}
		all.Wait()
		s.Check(most.Load() <= probes, "%d calls at once where %d may probe", most.Load(), probes)
		s.Advance(2 * time.Minute)
	}
	s.Check(most.Load() > 0, "no call probed")
}
