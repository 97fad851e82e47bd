package breaker_test

import (
	"context"
	"errors"
	"math/rand"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay-go/backstay/breaker"
	"github.com/backstay-go/backstay/event"
	"github.com/backstay-go/backstay/internal/bubble"
)

// log is an observer that keeps what it is told.
type log struct {
	mu     sync.Mutex
	events []event.Event
}

func (l *log) Observe(_ context.Context, e event.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, e)
}

// changes checks that the state changes follow from each other, and returns
// them.
func (l *log) changes(t *testing.T) (changes []event.Event) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	state := int(breaker.Closed)
	for _, e := range l.events {
		if e.Kind != event.StateChanged {
			continue
		}
		if e.From != state || e.To == state {
			t.Fatalf("change %d goes from %v to %v, want from %v to another",
				len(changes), breaker.State(e.From), breaker.State(e.To), breaker.State(state))
		}
		state = e.To
		changes = append(changes, e)
	}
	return changes
}

func observed(c breaker.Config, o event.Observer) breaker.Config {
	c.Observer = o
	return c
}

func TestEvents(t *testing.T) {
	var l log
	c := observed(touchy, &l)
	c.Ramp = time.Second
	in(t, c, func(s suite) {
		s.do(1, fail)
		hold := s.Snapshot().Remaining
		s.refuses()
		bubble.Advance(hold)
		s.do(1, succeed)
		bubble.Advance(time.Second)
		s.do(1, succeed)

		type told struct {
			kind     event.Kind
			from, to breaker.State
			err      string
		}
		want := []told{
			{event.StateChanged, breaker.Closed, breaker.Open, "failures in a row: 1, last: connection refused"},
			{event.Rejected, 0, 0, "circuit open"},
			{event.StateChanged, breaker.Open, breaker.HalfOpen, ""},
			{event.StateChanged, breaker.HalfOpen, breaker.Closed, ""},
		}
		for i, e := range l.events {
			got := told{e.Kind, breaker.State(e.From), breaker.State(e.To), ""}
			if e.Err != nil {
				got.err = e.Err.Error()
			}
			if i >= len(want) || got != want[i] {
				t.Errorf("event %d is %+v, want %+v", i, got, want[min(i, len(want)-1)])
			}
			if e.Policy != "breaker" || e.Name != "users" {
				t.Errorf("event %d comes from %s %q, want breaker users", i, e.Policy, e.Name)
			}
		}
		if len(l.events) != len(want) {
			t.Errorf("%d events, want %d", len(l.events), len(want))
		}
		opened := l.events[0]
		if opened.Wait != hold || !errors.Is(opened.Err, errDown) {
			t.Errorf("opened for %v because of %v; want %v, the last error", opened.Wait, opened.Err, hold)
		}
		if l.events[1].Wait < hold {
			t.Errorf("the refusal tells to wait %v, want at least %v", l.events[1].Wait, hold)
		}
	})
}

// TestChangesAlternateInOrder lets 256 goroutines push a breaker back and forth.
func TestChangesAlternateInOrder(t *testing.T) {
	var l log
	c := breaker.Config{
		FailureRate: 0.4, MinCalls: 4, Window: 20 * time.Millisecond,
		Cooldown: time.Millisecond, MaxCooldown: 2 * time.Millisecond, Probes: 2, Ramp: time.Millisecond, Observer: &l,
	}
	in(t, c, func(s suite) {
		var calls sync.WaitGroup
		for g := range int64(256) {
			calls.Go(func() {
				random := rand.New(rand.NewSource(g))
				for range 40 {
					_ = s.Do(s.Context(), func(context.Context) error {
						bubble.Pause(time.Duration(random.Intn(2000)) * time.Microsecond)
						if random.Intn(2) == 0 {
							return errDown
						}
						return nil
					})
					bubble.Pause(time.Duration(random.Intn(2000)) * time.Microsecond)
				}
			})
		}
		calls.Wait()
		if got := len(l.changes(t)); got < 20 {
			t.Errorf("%d changes, want many for the test to mean something", got)
		}
	})
}

func TestObserverMayAskAndOrder(t *testing.T) {
	var l log
	var b *breaker.Breaker
	nosy := event.Func(func(ctx context.Context, e event.Event) {
		if e.Kind != event.StateChanged {
			return
		}
		_, _ = b.State(), b.Snapshot()
		_ = b.Do(ctx, succeed)
		switch breaker.State(e.To) {
		case breaker.Open:
			b.ForceClosed(0, "by the observer")
		case breaker.Closed:
			b.Reset("by the observer")
		}
	})
	in(t, observed(touchy, event.Tee(nosy, &l)), func(s suite) {
		b = s.Breaker
		s.do(1, fail)
		s.want(breaker.Closed)
		if got := len(l.changes(t)); got != 2 {
			t.Errorf("%d changes, want 2", got)
		}
	})
}

func TestObserverMayPanic(t *testing.T) {
	rude := event.Func(func(context.Context, event.Event) { panic("on purpose") })
	var l log
	in(t, observed(touchy, event.Tee(&l, rude)), func(s suite) {
		s.do(1, fail)
		s.refuses()
		bubble.Advance(breaker.DefaultCooldown)
		s.do(1, succeed)
		s.want(breaker.Closed)
		if got := len(l.changes(t)); got != 3 {
			t.Errorf("%d changes, want 3", got)
		}
	})
}

func TestObserverMayEndItsGoroutine(t *testing.T) {
	var l log
	leaver := event.Func(func(_ context.Context, e event.Event) {
		if e.To == int(breaker.Open) {
			runtime.Goexit()
		}
	})
	in(t, observed(touchy, event.Tee(&l, leaver)), func(s suite) {
		s.leave(func() { panic("on purpose") })
		bubble.Advance(breaker.DefaultCooldown)
		s.do(1, succeed)
		if got := len(l.changes(t)); got != 3 {
			t.Errorf("%d changes, want 3", got)
		}
	})
}

func TestSlowObserverDelaysNobodyElse(t *testing.T) {
	var l log
	slow := event.Func(func(_ context.Context, e event.Event) {
		if e.Kind == event.StateChanged {
			bubble.Pause(time.Second)
		}
	})
	in(t, observed(touchy, event.Tee(slow, &l)), func(s suite) {
		begun := time.Now()
		go func() { _ = s.Do(s.Context(), fail) }() // carries the event
		synctest.Wait()
		s.refuses()
		for range 20 {
			s.Reset("")
			s.do(1, fail)
			s.want(breaker.Open)
		}
		if took := time.Since(begun); took != 0 {
			t.Errorf("calls beside a slow observer took %v, want no time", took)
		}
		// What did not fit the queue was merged; the chain holds, and ends at the
		// state that holds.
		bubble.Advance(time.Minute)
		changes := l.changes(t)
		if last := changes[len(changes)-1]; last.To != int(breaker.Open) || len(changes) > 12 {
			t.Errorf("%d changes, the last to %v; want few, to open", len(changes), breaker.State(last.To))
		}
	})
}

func TestRefusalsAreReportedThoughNoneIsMade(t *testing.T) {
	var l log
	c := observed(touchy, &l)
	c.ObserveOnly = true
	in(t, c, func(s suite) {
		s.do(1, fail)
		s.do(5, succeed)
		refused := 0
		for _, e := range l.events {
			if e.Kind == event.Rejected {
				refused++
			}
		}
		if refused != 5 {
			t.Errorf("%d refusals were reported, want 5", refused)
		}
	})
}
