package scenario

import (
	"context"
	"errors"
	"runtime"
	"testing/synctest"
	"time"

	"github.com/backstay-go/backstay/traps/driver"
)

var breakerTraps = []Trap{
	{ID: "1", Text: "a panic in a half-open probe does not wedge it", Run: probePanics},
	{ID: "2", Text: "runtime.Goexit in a probe does not wedge it", Run: probeExits},
	{ID: "3", Text: "a probe that never returns gives up its slot", Run: probeHangs},
	{ID: "4", Text: "a panic counts as a failure", Run: panicsTrip},
	{ID: "5", Text: "the caller's own cancellation neither trips nor closes it", Run: cancellations},
	{ID: "6", Text: "80 % ignored outcomes free their slots, and it still recovers", Run: ignoredProbes},
	{ID: "7", Text: "a call admitted before the trip decides nothing when half-open", Run: lateCalls},
	{ID: "8", Text: "calls that outlast the window still count", Run: callsOutlastWindow},
	{ID: "9", Text: "below the minimum of calls it holds; at exactly 57 % it trips, at 56.8 % not", Run: exactThreshold},
	{ID: "10", Text: "failures expire with time when there is no traffic", Run: failuresExpire},
	{ID: "11", Text: "slow calls trip it while they still run", Run: slowCallsRunning},
	{ID: "12", Text: "an observer that asks for the state, blocks or panics does no harm", Run: badObservers},
	{ID: "13", Text: "transitions alternate and arrive in order under 256 goroutines", Run: orderedTransitions},
	{ID: "14", Text: "half-open admits no more than its probes, under a stampede", Run: stampede},
	{ID: "15", Text: "forced open it runs nothing; with an expiry it ends by itself", Run: forcedOpen},
	{ID: "16", Text: "repeated trips lengthen the cooldown, jittered and capped", Run: growingCooldown},
	{ID: "17", Text: "an update while open keeps state and window, and it recovers", Run: updateWhileOpen},
}

func (s *Scene) breaker(c driver.BreakerConfig) driver.Breaker {
	driver.Need(s.impl.Breaker == nil, "breaker")
	return s.impl.Breaker(c)
}

// trips is a breaker that the helpers below know how to handle.
func trips(probes int) driver.BreakerConfig {
	return driver.BreakerConfig{FailureRate: .5, MinCalls: 10, Window: 10 * time.Second, Cooldown: 5 * time.Second, Probes: probes}
}

// trip fails calls until b is open.
func (s *Scene) trip(b driver.Breaker) {
	for range 10 {
		_ = b.Do(s.Ctx, fails)
	}
	s.Check(b.State() == driver.Open, "10 failures of 10 calls leave it %v", b.State())
}

// halfOpen trips b and lets its cooldown pass.
func (s *Scene) halfOpen(c driver.BreakerConfig) driver.Breaker {
	b := s.breaker(c)
	s.trip(b)
	s.Advance(c.Cooldown + time.Millisecond)
	return b
}

// recovers reports whether b closes in two minutes of calls that succeed.
func (s *Scene) recovers(b driver.Breaker) bool {
	for range 120 {
		_ = b.Do(s.Ctx, succeeds)
		if b.State() == driver.Closed {
			return true
		}
		s.Advance(time.Second)
	}
	return false
}

// refused reports whether b refused a call.
func refused(err error) bool { return errors.Is(err, driver.ErrRefused) }

// contained runs f and keeps its panic, or its Goexit, from the scenario.
func contained(f func()) (panicked bool) {
	done := make(chan bool)
	go func() {
		returned := false
		defer func() { done <- !returned; close(done) }()
		defer func() { _ = recover() }()
		f()
		returned = true
	}()
	return <-done
}

// start begins a call under c, which ends with what is sent to it.
func (s *Scene) start(c driver.Caller) (end chan error) {
	end = make(chan error, 1)
	never := s.Forever()
	go func() {
		_ = c.Do(s.Ctx, func(context.Context) error {
			select {
			case err := <-end:
				return err
			case <-never:
				return errDown
			}
		})
	}()
	synctest.Wait()
	return end
}

func probePanics(s *Scene) {
	b := s.halfOpen(trips(1))
	s.Check(contained(func() { _ = b.Do(s.Ctx, panics) }), "the panic did not reach the caller")
	s.Check(s.recovers(b), "still %v after two minutes: the slot of the probe that panicked never came back", b.State())
}

func probeExits(s *Scene) {
	b := s.halfOpen(trips(1))
	contained(func() { _ = b.Do(s.Ctx, func(context.Context) error { runtime.Goexit(); return nil }) })
	s.Check(s.recovers(b), "still %v after two minutes: the slot of the probe that exited never came back", b.State())
}

func probeHangs(s *Scene) {
	c := trips(1)
	c.ProbeTimeout = 2 * time.Second
	b := s.halfOpen(c)
	s.start(b)
	s.Check(s.recovers(b), "still %v after two minutes: the slot belongs to a probe that hangs", b.State())
}

func panicsTrip(s *Scene) {
	b := s.breaker(trips(1))
	for range 10 {
		contained(func() { _ = b.Do(s.Ctx, panics) })
	}
	s.Check(b.State() == driver.Open, "10 panics of 10 calls leave it %v", b.State())
}

func cancellations(s *Scene) {
	ctx, cancel := context.WithCancel(s.Ctx)
	cancel()
	gaveUp := func(context.Context) error { return ctx.Err() }

	b := s.breaker(trips(1))
	for range 50 {
		_ = b.Do(s.Ctx, gaveUp)
	}
	s.Check(b.State() == driver.Closed, "callers that gave up made it %v", b.State())
	b = s.breaker(trips(1))
	for range 10 {
		_ = b.Do(s.Ctx, func(context.Context) error { return context.DeadlineExceeded })
	}
	s.Check(b.State() == driver.Open, "10 calls that timed out, as calls to what hangs do, leave it %v", b.State())

	b = s.halfOpen(trips(1))
	_ = b.Do(s.Ctx, gaveUp)
	s.Check(b.State() != driver.Closed, "a caller that gave up closed it")
	s.Check(s.recovers(b), "still %v after two minutes: the slot of the caller that gave up never came back", b.State())
}

func ignoredProbes(s *Scene) {
	errMiss := errors.New("cache miss")
	c := trips(2)
	c.Ignore = func(err error) bool { return errors.Is(err, errMiss) }
	b := s.halfOpen(c)
	for i := range 200 {
		_ = b.Do(s.Ctx, func(context.Context) error {
			if i%5 != 4 {
				return errMiss
			}
			return nil
		})
		if b.State() == driver.Closed {
			return
		}
		s.Advance(100 * time.Millisecond)
	}
	s.Failf("still %v after 200 calls, 160 cache misses and 40 successes", b.State())
}

func lateCalls(s *Scene) {
	c := trips(1)
	b := s.breaker(c)
	good, bad := s.start(b), s.start(b)
	s.Advance(time.Millisecond)
	for range 10 {
		_ = b.Do(s.Ctx, fails)
	}
	s.Advance(c.Cooldown + time.Millisecond)
	probe := s.start(b)
	s.Advance(time.Millisecond)
	s.Check(b.State() == driver.HalfOpen, "%v while a probe is under way", b.State())
	good <- nil
	s.Advance(time.Millisecond)
	s.Check(b.State() == driver.HalfOpen, "a success from before the trip made it %v", b.State())
	bad <- errDown
	s.Advance(time.Millisecond)
	s.Check(b.State() == driver.HalfOpen, "a failure from before the trip made it %v", b.State())
	probe <- nil
	s.Advance(time.Millisecond)
	s.Check(s.recovers(b), "still %v two minutes after the probe succeeded", b.State())
}

func callsOutlastWindow(s *Scene) {
	c := trips(0)
	b := s.breaker(c)
	var ends []chan error
	for range 20 {
		ends = append(ends, s.start(b))
	}
	s.Advance(c.Window * 3 / 2)
	for _, end := range ends {
		end <- errDown
	}
	s.Advance(time.Millisecond)
	for range 5 {
		if refused(b.Do(s.Ctx, fails)) {
			return
		}
	}
	s.Failf("20 calls failed after one and a half windows and it admits every call")
}

func exactThreshold(s *Scene) {
	run := func(minCalls, successes, failures int) driver.State {
		c := trips(1)
		c.FailureRate, c.MinCalls = .57, minCalls
		b := s.breaker(c)
		for range successes {
			_ = b.Do(s.Ctx, succeeds)
		}
		for range failures {
			_ = b.Do(s.Ctx, fails)
		}
		return b.State()
	}
	s.Check(run(100, 0, 99) == driver.Closed, "tripped below the minimum number of calls")
	s.Check(run(100, 43, 57) == driver.Open, "57 failures of 100 calls do not trip it at 0.57")
	s.Check(run(100, 44, 56) == driver.Closed, "56 failures of 100 calls trip it at 0.57")
	s.Check(run(125, 54, 71) == driver.Closed, "71 failures of 125 calls (56.8 %%) trip it at 0.57")
}

func failuresExpire(s *Scene) {
	c := trips(0)
	b := s.breaker(c)
	for range 9 {
		_ = b.Do(s.Ctx, fails)
	}
	s.Advance(2 * c.Window)
	for i := range 20 {
		op := succeeds
		if i%5 > 2 {
			op = fails
		}
		s.Check(!refused(b.Do(s.Ctx, op)), "40 %% failures trip it at 50 %%: it counts failures older than its window")
	}
}

func slowCallsRunning(s *Scene) {
	c := trips(1)
	c.MinCalls, c.SlowCall, c.SlowRate = 20, time.Second, .5
	b := s.breaker(c)
	for range 20 {
		s.start(b)
	}
	s.Advance(c.SlowCall + time.Millisecond)
	s.Check(refused(b.Do(s.Ctx, succeeds)), "20 of 20 calls hang and it admits another")
}

func forcedOpen(s *Scene) {
	c := trips(1)
	b := s.breaker(c)
	force := driver.As[driver.Forcer](b, "force open")
	force.ForceOpen(0)
	for range 60 {
		s.Check(refused(b.Do(s.Ctx, succeeds)), "ran a call though forced open without an end")
		s.Advance(time.Minute)
	}
	b = s.breaker(c)
	driver.As[driver.Forcer](b, "force open").ForceOpen(time.Minute)
	for range 59 {
		s.Check(refused(b.Do(s.Ctx, succeeds)), "ran a call though forced open for a minute")
		s.Advance(time.Second)
	}
	s.Advance(time.Second)
	s.Check(s.recovers(b), "still %v two minutes after the force has ended", b.State())
}

func growingCooldown(s *Scene) {
	c := trips(1)
	c.MaxCooldown = 8 * c.Cooldown
	first := make(map[time.Duration]bool)
	for range 10 {
		b := s.breaker(c)
		s.trip(b)
		var holds [6]time.Duration
		for i := range holds {
			for refused(b.Do(s.Ctx, fails)) {
				holds[i] += 10 * time.Millisecond
				<-time.After(10 * time.Millisecond)
			}
		}
		first[holds[0]] = true
		s.Check(holds[0] <= c.Cooldown+10*time.Millisecond, "the first cooldown lasts %v, configured are %v", holds[0], c.Cooldown)
		s.Check(holds[3] >= 2*holds[0], "the fourth cooldown lasts %v after a first of %v", holds[3], holds[0])
		s.Check(holds[5] <= c.MaxCooldown+10*time.Millisecond, "a cooldown of %v, want at most %v", holds[5], c.MaxCooldown)
	}
	s.Check(len(first) > 1, "10 breakers that trip together probe together: no jitter")
}

func updateWhileOpen(s *Scene) {
	c := trips(1)
	b := s.halfOpen(c)
	update := driver.As[driver.BreakerUpdater](b, "update")
	c.Cooldown = 2 * c.Cooldown
	s.Check(update.Update(c) == nil, "the update was not taken")
	s.Check(b.State() != driver.Closed, "an update closed it")
	s.Check(s.recovers(b), "still %v two minutes after an update while open", b.State())

	b = s.breaker(c)
	for range 9 {
		_ = b.Do(s.Ctx, fails)
	}
	s.Check(driver.As[driver.BreakerUpdater](b, "update").Update(c) == nil, "the update was not taken")
	_ = b.Do(s.Ctx, fails)
	s.Check(b.State() == driver.Open, "an update forgot 9 failures: after the tenth it is %v", b.State())
}
