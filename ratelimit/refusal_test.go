package ratelimit_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay-go/backstay/event"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/bubble"
	"github.com/backstay-go/backstay/ratelimit"
)

func TestRefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := ratelimit.New(ratelimit.Config{Name: "search", Rate: ratelimit.Per(3, time.Second), Burst: 2})
		for range 2 {
			if _, err := l.Acquire(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		bubble.Advance(100 * time.Millisecond)
		_, err := l.Acquire(t.Context())
		rejected, ok := errors.AsType[*gate.RejectedError](err)
		if !ok || !errors.Is(err, gate.ErrRejected) || !errors.Is(err, ratelimit.ErrLimited) {
			t.Fatalf("Acquire = %v, want a RejectedError that matches ErrLimited", err)
		}
		want := gate.RejectedError{Policy: "ratelimit", Name: "search", Reason: ratelimit.ErrLimited, After: 233_333_334}
		if *rejected != want {
			t.Errorf("Acquire = %+v, want %+v", *rejected, want)
		}
		if want := `ratelimit "search": rate limit reached, retry after 234ms`; err.Error() != want {
			t.Errorf("the refusal reads %s, want %s", err, want)
		}
	})
}

// After is how long to wait, to the nanosecond: not too short, and not too long.
func TestAfterIsEnoughAndNotEarly(t *testing.T) {
	for _, rate := range []ratelimit.Rate{
		ratelimit.Per(10, time.Second), ratelimit.Per(3, time.Second), ratelimit.Per(7, time.Hour),
		ratelimit.Per(99_999, time.Second), ratelimit.Per(1, 24*time.Hour), ratelimit.Per(1, 30*24*time.Hour),
	} {
		synctest.Test(t, func(t *testing.T) {
			l := ratelimit.New(ratelimit.Config{Rate: rate, Burst: 1})
			k := ratelimit.NewKeyed[string](ratelimit.Config{Rate: rate, Burst: 1, MaxKeys: 1})
			bubble.Advance(12_345_678_901)
			for name, g := range map[string]gate.Gate{"limiter": l, "keyed": ofKey{k}} {
				for range 5 {
					if _, err := g.Acquire(t.Context()); err != nil {
						t.Fatalf("%v, %s: refused when due: %v", rate, name, err)
					}
					_, err := g.Acquire(t.Context())
					rejected, _ := errors.AsType[*gate.RejectedError](err)
					bubble.Advance(rejected.After - 1)
					if _, err := g.Acquire(t.Context()); err == nil {
						t.Fatalf("%v, %s: admitted a nanosecond before After", rate, name)
					}
					bubble.Advance(1)
				}
			}
		})
	}
}

func TestObserver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []event.Event
		config := ratelimit.Config{
			Name: "search", Rate: ratelimit.Per(1, time.Hour), MaxKeys: 1,
			Observer: event.Func(func(_ context.Context, e event.Event) { told = append(told, e) }),
		}
		l, k := ratelimit.New(config), ratelimit.NewKeyed[string](config)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		refusals := map[string]struct {
			ask    func()
			reason error
			after  time.Duration
		}{
			"Allow":         {func() { l.Allow() }, ratelimit.ErrLimited, time.Hour},
			"AllowN":        {func() { _ = l.AllowN(1) }, ratelimit.ErrLimited, time.Hour},
			"AllowN(2)":     {func() { _ = l.AllowN(2) }, ratelimit.ErrExceedsBurst, 0},
			"Acquire":       {func() { _, _ = l.Acquire(t.Context()) }, ratelimit.ErrLimited, time.Hour},
			"AcquireAt":     {func() { _, _ = l.AcquireAt(t.Context(), time.Now()) }, ratelimit.ErrLimited, time.Hour},
			"TakeUpTo":      {func() { l.TakeUpTo(1) }, ratelimit.ErrLimited, time.Hour},
			"Wait":          {func() { _ = l.Wait(ended, 1) }, context.Canceled, 0},
			"Reserve(2)":    {func() { _, _ = l.Reserve(2) }, ratelimit.ErrExceedsBurst, 0},
			"Keyed.Allow":   {func() { k.Allow("a") }, ratelimit.ErrLimited, time.Hour},
			"Keyed.AllowN":  {func() { _ = k.AllowN("a", 1) }, ratelimit.ErrLimited, time.Hour},
			"Keyed.Acquire": {func() { _, _ = k.Acquire(t.Context(), "a") }, ratelimit.ErrLimited, time.Hour},
		}
		l.Allow()
		k.Allow("a")
		if len(told) != 0 {
			t.Errorf("the observer was told of %v, want nothing of calls that are admitted", told)
		}
		for name, refusal := range refusals {
			told = nil
			refusal.ask()
			if len(told) != 1 {
				t.Errorf("%s: the observer was told %d times, want once", name, len(told))
				continue
			}
			e := told[0]
			if !errors.Is(e.Err, refusal.reason) {
				t.Errorf("%s: the observer was told %v, want %v", name, e.Err, refusal.reason)
			}
			e.Err = nil
			if want := (event.Event{Kind: event.Rejected, Policy: "ratelimit", Name: "search", Wait: refusal.after}); e != want {
				t.Errorf("%s: the observer was told %+v, want %+v", name, e, want)
			}
		}
	})
}

func TestObserverMayAskBack(t *testing.T) {
	var l *ratelimit.Limiter
	asked := 0
	l = ratelimit.New(ratelimit.Config{
		Rate: ratelimit.Per(1, time.Hour), And: []ratelimit.Quota{{Rate: ratelimit.Per(1, time.Hour)}},
		Observer: event.Func(func(context.Context, event.Event) {
			asked = len(l.Snapshot().Limits)
			l.Refund(1)
			panic("on purpose")
		}),
	})
	l.Allow()
	if l.Allow() || asked != 2 {
		t.Errorf("the observer saw %d limits, want a refusal and 2", asked)
	}
	if !l.Allow() {
		t.Error("the token that the observer gave back is not there")
	}
}

func TestShadow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := 0
		config := ratelimit.Config{
			Rate: ratelimit.Per(1, time.Hour), MaxWait: 90 * time.Minute, MaxKeys: 1, Shadow: true,
			Observer: event.Func(func(context.Context, event.Event) { told++ }),
		}
		for _, observed := range []bool{true, false} {
			if !observed {
				config.Observer = nil
			}
			l, k := ratelimit.New(config), ratelimit.NewKeyed[string](config)
			begun := time.Now()
			for i := range 4 {
				_, err := l.Acquire(t.Context()) // one at once, one in an hour, two never
				_, errKey := k.Acquire(t.Context(), "a")
				if err != nil || errKey != nil {
					t.Errorf("Acquire %d = %v, %v; want no refusal", i+1, err, errKey)
				}
			}
			if want := 4; observed && told != want {
				t.Errorf("%d refusals were reported, want %d", told, want)
			}
			turn, err := l.Reserve(2)
			if err != nil || turn.Delay() != 0 {
				t.Errorf("Reserve = %v, %v; want no refusal and no delay", turn, err)
			}
			turn.Cancel()
			if !l.Allow() || l.AllowN(2) != nil || l.TakeUpTo(7) != 7 || l.Wait(t.Context(), 1) != nil || !k.Allow("a") {
				t.Error("a shadow refused")
			}
			if err := l.AllowN(-1); err == nil {
				t.Error("AllowN(-1) = nil, want an error: it is a mistake of the caller, not a limit")
			}
			if !time.Now().Equal(begun) {
				t.Errorf("a shadow delayed calls by %v", time.Since(begun))
			}
		}
	})
}
