package scenario

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/backstay-go/backstay/traps/driver"
)

var bulkheadTraps = []Trap{
	{ID: "43", Text: "a permit survives a panic, a Goexit and a caller that has left", Run: permitSurvives},
	{ID: "44", Text: "a large acquire is not starved by small ones", Run: largeAcquire},
	{ID: "45", Text: "shrinking and growing let the right number run", Run: resize},
}

func (s *Scene) bulkhead(c driver.BulkheadConfig) driver.Bulkhead {
	driver.Need(s.impl.Bulkhead == nil, "bulkhead")
	return s.impl.Bulkhead(c)
}

func permitSurvives(s *Scene) {
	b := s.bulkhead(driver.BulkheadConfig{Limit: 1, Queue: 100, MaxWait: time.Minute})
	free := func(after string) {
		begun := time.Now()
		err := b.Do(s.Ctx, succeeds)
		s.Check(err == nil && time.Since(begun) == 0, "%s took the permit along", after)
	}
	contained(func() { _ = b.Do(s.Ctx, panics) })
	free("a panic")
	contained(func() { _ = b.Do(s.Ctx, func(context.Context) error { runtime.Goexit(); return nil }) })
	free("a Goexit")

	// Fifty callers wait and leave, some of them just as the permit comes free.
	for i := range 50 {
		holder := s.start(b)
		ctx, cancel := context.WithCancel(s.Ctx)
		var waiter sync.WaitGroup
		waiter.Go(func() { _ = b.Do(ctx, succeeds) })
		s.Advance(time.Millisecond)
		if i%2 == 0 {
			cancel()
			holder <- nil
		} else {
			holder <- nil
			cancel()
		}
		waiter.Wait()
		cancel()
		s.Advance(time.Millisecond)
		free("a caller that has left")
	}
}

// largeAcquire asks for eight permits of ten, of which a hundred callers take one
// each, again and again.
func largeAcquire(s *Scene) {
	b := s.bulkhead(driver.BulkheadConfig{Limit: 10, Queue: 1000, MaxWait: time.Minute})
	weighted := driver.As[driver.Weighted](b, "weights")
	var done atomic.Bool
	var all sync.WaitGroup
	for worker := range 100 {
		all.Go(func() {
			for !done.Load() {
				_ = b.Do(s.Ctx, func(context.Context) error {
					<-time.After(time.Duration(5+worker%10) * time.Millisecond)
					return nil
				})
			}
		})
	}
	s.Advance(time.Second)
	begun := time.Now()
	err := weighted.DoN(s.Ctx, 8, succeeds)
	waited := time.Since(begun)
	done.Store(true)
	all.Wait()
	s.Check(err == nil, "an acquire of 8 permits was refused after %v: %v", waited, err)
	s.Check(waited < 5*time.Second, "an acquire of 8 permits waited for %v where others hold one for 15ms", waited)
}

func resize(s *Scene) {
	b := s.bulkhead(driver.BulkheadConfig{Limit: 4, Queue: 100, MaxWait: time.Hour})
	size := driver.As[driver.Resizer](b, "resize")
	var running atomic.Int64
	next := make(chan struct{})
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			_ = b.Do(s.Ctx, func(context.Context) error {
				running.Add(1)
				defer running.Add(-1)
				<-next
				return nil
			})
		})
	}
	expect := func(want int64, when string) {
		s.Advance(time.Microsecond)
		s.Check(running.Load() == want, "%d calls run %s, want %d", running.Load(), when, want)
	}
	expect(4, "at a limit of 4")
	size.Resize(8)
	expect(8, "after it grew to 8")
	size.Resize(2)
	expect(8, "just after it shrank to 2")
	for left := int64(7); left >= 2; left-- {
		next <- struct{}{}
		expect(left, "on the way down to 2")
	}
	next <- struct{}{}
	expect(2, "at a limit of 2")
	size.Resize(100)
	expect(20-7, "once there is room for all")
	close(next)
	all.Wait()
	expect(0, "at the end")
}
