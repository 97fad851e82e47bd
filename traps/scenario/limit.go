package scenario

import (
	"context"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/backstay-go/backstay/traps/driver"
)

var limitTraps = []Trap{
	{ID: "34", Text: "never more than rate x time + burst in any window: 256 goroutines, stale clocks, new rates", Run: neverTooMany},
	{ID: "35", Text: "a thousand cancelled waiters leave no debt", Run: cancelledWaiters},
	{ID: "36", Text: "a wait beyond the deadline fails at once and charges nothing", Run: waitBeyondDeadline},
	{ID: "37", Text: "more than the burst is an error, less than none too, none at all is a peek", Run: oddNumbers},
	{ID: "38", Text: "two limits at once: a refusal charges neither", Run: twoLimits},
	{ID: "39", Text: "100 000/s and 1/day are exact for ten minutes and ten days", Run: exactRates},
	{ID: "40", Text: "a clock that steps back neither refills nor blocks", Run: clockStepsBack},
	{ID: "41", Text: "a flood of a million keys resets nobody's bucket and takes no memory", Run: keyFlood},
	{ID: "42", Text: "the wait that refused callers are told is enough, and no longer", Run: retryAfter},
}

func (s *Scene) limiter(c driver.LimiterConfig) driver.Limiter {
	driver.Need(s.impl.Limiter == nil, "rate limit")
	return s.impl.Limiter(c)
}

// perSecond is a limiter that every library can be.
func perSecond(n int) driver.LimiterConfig {
	return driver.LimiterConfig{Count: n, Period: time.Second, Burst: n}
}

// grant is a call that was admitted: it had read the clock at read, and was
// admitted at the time at. A limiter may go by either.
type grant struct{ read, at time.Time }

// checkGrants ends the scenario if any window holds more than Burst + Count *
// length / Period. A grant is in a window if both its times are.
func (s *Scene) checkGrants(grants []grant, c driver.LimiterConfig, how string) {
	s.Check(len(grants) > c.Burst, "%s: only %d admitted", how, len(grants))
	slices.SortFunc(grants, func(a, b grant) int { return a.at.Compare(b.at) })
	const exact = 1 + 1e-9 // but for the floating point here
	worst, inside, window := exact, 0, time.Duration(0)
	for _, first := range grants {
		n := 0
		for _, last := range grants {
			if last.read.Before(first.read) {
				continue
			}
			n++
			length := last.at.Sub(first.read)
			bound := float64(c.Burst) + float64(c.Count)*float64(length)/float64(c.Period)
			if ratio := float64(n) / bound; ratio > worst {
				worst, inside, window = ratio, n, length
			}
		}
	}
	s.Check(worst == exact, "%s: %d admitted in %v, %.3f times what is allowed", how, inside, window.Round(100*time.Microsecond), worst)
}

func neverTooMany(s *Scene) {
	c := perSecond(100)
	l := s.limiter(c)
	now := func(int) time.Time { return time.Now() }
	grants := s.hammer(now, func(time.Time, int) bool { return l.Allow(1) })
	s.checkGrants(grants, c, "256 goroutines")

	if l, ok := s.limiter(c).(driver.LimiterAt); ok {
		late := func(turn int) time.Time { return time.Now().Add(-time.Duration(turn*37%50) * 100 * time.Microsecond) }
		grants = s.hammer(late, func(read time.Time, _ int) bool { return l.AllowAt(read, 1) })
		s.checkGrants(grants, c, "readings up to 5ms late")
	}
	l = s.limiter(c)
	if update, ok := l.(driver.LimiterUpdater); ok {
		grants = s.hammer(now, func(_ time.Time, turn int) bool {
			if turn%1000 == 0 {
				update.Update(perSecond(50 + turn/1000%2*50))
			}
			return l.Allow(1)
		})
		s.checkGrants(grants, c, "rate and burst halved and restored")
	}
}

// hammer lets 256 goroutines ask for three virtual seconds, after most of one in
// which nobody did. They take turns: each has read the clock as read says, and
// allow decides.
func (s *Scene) hammer(read func(turn int) time.Time, allow func(read time.Time, turn int) bool) (grants []grant) {
	const lasts = 3 * time.Second
	var turns sync.Mutex
	var turn int
	var all sync.WaitGroup
	s.Advance(900 * time.Millisecond)
	begun := time.Now()
	for worker := range 256 {
		all.Go(func() {
			<-time.After(time.Duration(worker) * 37 * time.Microsecond)
			for time.Since(begun) < lasts {
				turns.Lock()
				turn++
				if at := read(turn); allow(at, turn) {
					grants = append(grants, grant{at, time.Now()})
				}
				turns.Unlock()
				<-time.After(10*time.Millisecond - 1)
			}
		})
	}
	all.Wait()
	return grants
}

// cancelledWaiters queues a thousand waiters for a token a second, and cancels
// them in the order in which they came.
func cancelledWaiters(s *Scene) {
	l := s.limiter(driver.LimiterConfig{Count: 1, Period: time.Second, Burst: 1})
	wait := driver.As[driver.Waiter](l, "wait")
	s.Check(l.Allow(1), "a new limiter refuses the first call")
	var all sync.WaitGroup
	var cancels []context.CancelFunc
	for range 1000 {
		ctx, cancel := context.WithCancel(s.Ctx)
		cancels = append(cancels, cancel)
		all.Go(func() { _ = wait.Wait(ctx, 1) })
		s.Advance(time.Microsecond)
	}
	for _, cancel := range cancels {
		cancel()
		s.Advance(time.Microsecond)
	}
	all.Wait()
	begun := time.Now()
	err := wait.Wait(s.Ctx, 1)
	waited := time.Since(begun)
	s.Check(err == nil && waited <= 2*time.Second, "after 1000 cancelled waiters, the next waits for %v", waited.Round(time.Second))
}

func waitBeyondDeadline(s *Scene) {
	l := s.limiter(driver.LimiterConfig{Count: 1, Period: 10 * time.Second, Burst: 1})
	wait := driver.As[driver.Waiter](l, "wait")
	s.Check(l.Allow(1), "a new limiter refuses the first call")
	for range 100 {
		ctx, cancel := context.WithTimeout(s.Ctx, time.Second)
		begun := time.Now()
		err := wait.Wait(ctx, 1)
		cancel()
		s.Check(err != nil, "a wait of 10s has fitted a deadline of 1s")
		s.Check(time.Since(begun) == 0, "waited for %v towards a deadline that it cannot meet", time.Since(begun))
	}
	s.Advance(10 * time.Second)
	s.Check(l.Allow(1), "waits that failed were charged")
}

func oddNumbers(s *Scene) {
	const burst = 10
	l := s.limiter(perSecond(burst))
	ask := driver.As[driver.LimiterErrors](l, "reasons")
	later, err := ask.AllowErr(burst + 1)
	s.Check(err != nil, "more than the burst is admitted")
	s.Check(!later, "more than the burst is refused as if waiting could help")
	_, err = ask.AllowErr(-burst)
	s.Check(err != nil, "a negative number is admitted")
	for range 100 {
		_, err = ask.AllowErr(0)
		s.Check(err == nil, "a peek at a full bucket is refused")
	}
	admitted := 0
	for l.Allow(1) && admitted < 10*burst {
		admitted++
	}
	s.Check(admitted == burst, "%d admitted at once after a peek and a negative number, the burst is %d", admitted, burst)
}

func twoLimits(s *Scene) {
	fast := driver.LimiterConfig{Count: 10, Period: time.Second, Burst: 10}
	slow := driver.LimiterConfig{Count: 20, Period: time.Hour, Burst: 20}
	for _, pair := range [][2]driver.LimiterConfig{{fast, slow}, {slow, fast}} {
		pair[0].And = &pair[1]
		l := s.limiter(pair[0])
		for second := range 2 {
			admitted := 0
			for range 100 {
				if l.Allow(1) {
					admitted++
				}
			}
			s.Check(admitted == 10, "%d admitted in second %d, want 10: refusals by one limit were charged to the other", admitted, second+1)
			s.Advance(time.Second)
		}
		s.Check(!l.Allow(1), "20 per hour admit the 21st")
	}
}

// exactRates takes all it can get, in steps, and counts.
func exactRates(s *Scene) {
	const chunk, step, steps = 1000, 10 * time.Millisecond, 60_000
	l := s.limiter(perSecond(100_000))
	total := s.takeAll(l, chunk, step, steps)
	s.Check(total == 601*100_000, "100 000/s: %d admitted in ten minutes, exact are %d", total, 601*100_000)

	l = s.limiter(driver.LimiterConfig{Count: 1, Period: 24 * time.Hour, Burst: 1})
	total = s.takeAll(l, 1, time.Hour, 240)
	s.Check(total == 11, "1/day: %d admitted in ten days, exact are 11", total)
}

// takeAll takes chunks at each step, as many as there are, the first and the
// last moment included.
func (s *Scene) takeAll(l driver.Limiter, chunk int, step time.Duration, steps int) (total int) {
	for i := range steps + 1 {
		for l.Allow(chunk) {
			total += chunk
		}
		if i < steps {
			<-time.After(step)
		}
	}
	return total
}

// clockStepsBack mixes readings of now with readings from before, as they come
// from a goroutine that was not scheduled, or a clock that was set.
func clockStepsBack(s *Scene) {
	for _, back := range []time.Duration{5 * time.Millisecond, time.Hour} {
		l := driver.As[driver.LimiterAt](s.limiter(perSecond(10)), "readings of the caller's")
		s.Advance(24 * time.Hour)
		now := time.Now()
		for range 9 {
			s.Check(l.AllowAt(now, 1), "less than the burst is refused")
		}
		s.Check(l.AllowAt(now.Add(-back), 1), "a reading %v earlier blocks", back)
		for range 100 {
			s.Check(!l.AllowAt(now, 1), "a clock that stepped back by %v has refilled it", back)
			s.Check(!l.AllowAt(now.Add(-back), 1), "a clock that stepped back by %v has refilled it", back)
		}
		s.Advance(time.Second)
		s.Check(l.AllowAt(time.Now(), 1), "a clock that stepped back by %v blocks it a second later", back)
	}
}

func keyFlood(s *Scene) {
	driver.Need(s.impl.Keyed == nil, "keys")
	const flood = 1_000_000
	l := s.impl.Keyed(driver.KeyedConfig{
		LimiterConfig: driver.LimiterConfig{Count: 1, Period: time.Hour, Burst: 5}, MaxKeys: 10_000,
	})
	for i := range 5 {
		s.Check(l.AllowKey("victim"), "call %d of a burst of 5 is refused", i+1)
	}
	before := heap()
	extra := 0
	for i := range flood {
		l.AllowKey("flood-" + strconv.Itoa(i))
		if i%1000 == 0 && l.AllowKey("victim") {
			extra++
		}
	}
	s.Check(extra <= 1, "a flood of keys gave an empty bucket %d more calls", extra)
	grown := int64(heap()) - int64(before)
	s.Check(grown < 1<<20, "a million keys take %d MiB", grown>>20)
	runtime.KeepAlive(l)
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func retryAfter(s *Scene) {
	const tolerance = time.Millisecond
	l := s.limiter(driver.LimiterConfig{Count: 3, Period: time.Second, Burst: 3})
	hint := driver.As[driver.Hinter](l, "retry-after")
	for l.Allow(1) {
	}
	for i := range 300 {
		n := 1 + i%3
		after := hint.RetryAfter(n)
		s.Check(after > tolerance, "a hint of %v for an empty bucket", after)
		<-time.After(after - tolerance)
		s.Check(!l.Allow(n), "the wait it told of is longer than needed")
		<-time.After(tolerance)
		s.Check(l.Allow(n), "after the wait it told of, it refuses")
	}
}
