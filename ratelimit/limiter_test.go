package ratelimit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay-go/backstay/event"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/gate/gatetest"
	"github.com/backstay-go/backstay/internal/bubble"
	"github.com/backstay-go/backstay/ratelimit"
)

// ofKey is the limit of one key.
type ofKey struct {
	*ratelimit.Keyed[string]
}

func (k ofKey) Acquire(ctx context.Context) (gate.Permit, error) {
	return k.Keyed.Acquire(ctx, "client")
}

func TestContract(t *testing.T) {
	config := ratelimit.Config{Rate: ratelimit.Per(3, time.Minute)}
	waits := config
	waits.MaxWait = time.Hour
	several := config
	several.And = []ratelimit.Quota{{Rate: ratelimit.Per(100, time.Hour)}}
	shadow := config
	shadow.Shadow = true
	for _, test := range []struct {
		name     string
		config   ratelimit.Config
		maxCalls int
	}{
		{"refuses", config, 3}, {"waits", waits, 3}, {"several", several, 3}, {"shadow", shadow, gatetest.Unlimited},
	} {
		t.Run(test.name+"/limiter", func(t *testing.T) {
			gatetest.Run(t, test.maxCalls, func() gate.Gate { return ratelimit.New(test.config) })
		})
		test.config.MaxKeys = 10
		t.Run(test.name+"/keyed", func(t *testing.T) {
			gatetest.Run(t, test.maxCalls, func() gate.Gate { return ofKey{ratelimit.NewKeyed[string](test.config)} })
		})
	}
}

func TestAllow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := ratelimit.New(ratelimit.Config{Rate: ratelimit.Per(10, time.Second), Burst: 2})
		for i, want := range []bool{true, true, false, false} {
			if got := l.Allow(); got != want {
				t.Errorf("Allow %d = %v, want %v", i+1, got, want)
			}
		}
		bubble.Advance(100*time.Millisecond - 1)
		if l.Allow() {
			t.Error("Allow a nanosecond before a token is due = true, want false")
		}
		bubble.Advance(1)
		if !l.Allow() {
			t.Error("Allow when a token is due = false, want true")
		}
	})
}

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
		if want := `ratelimit "search": rate limit reached, retry after 233.333334ms`; err.Error() != want {
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

func TestNumbersOfTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := ratelimit.Config{Rate: ratelimit.Per(1, time.Second), Burst: 5, MaxKeys: 1}
		l, k := ratelimit.New(config), ratelimit.NewKeyed[string](config)
		asks := map[string]func(n int) error{
			"AllowN":       l.AllowN,
			"Wait":         func(n int) error { return l.Wait(t.Context(), n) },
			"Reserve":      func(n int) error { _, err := l.Reserve(n); return err },
			"Keyed.AllowN": func(n int) error { return k.AllowN("client", n) },
		}
		for name, ask := range asks {
			begun := time.Now()
			for range 3 {
				if err := ask(0); err != nil {
					t.Errorf("%s(0) = %v, want nil", name, err)
				}
			}
			for _, n := range []int{6, 1 << 40, 1<<63 - 1} {
				err := ask(n)
				rejected, ok := errors.AsType[*gate.RejectedError](err)
				if !ok || !errors.Is(err, ratelimit.ErrExceedsBurst) || rejected.After != 0 {
					t.Errorf("%s(%d) of a burst of 5 = %v, want ErrExceedsBurst and no After", name, n, err)
				}
			}
			if err := ask(-1); !errors.Is(err, gate.ErrRejected) || errors.Is(err, ratelimit.ErrLimited) {
				t.Errorf("%s(-1) = %v, want a refusal for another reason than the limit", name, err)
			}
			if !time.Now().Equal(begun) {
				t.Errorf("%s waited, want an answer at once", name)
			}
		}
		if got := l.Status().Remaining; got != 5 {
			t.Errorf("after these %d of 5 tokens are left, want 5", got)
		}
		if err := l.AllowN(5); err != nil {
			t.Errorf("AllowN(5) of a burst of 5 = %v, want nil", err)
		}
		if err := l.AllowN(0); !errors.Is(err, ratelimit.ErrLimited) {
			t.Errorf("AllowN(0) of an empty bucket = %v, want ErrLimited", err)
		}
	})
}

func TestTakeUpToAndRefund(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := ratelimit.New(ratelimit.Config{Rate: ratelimit.Per(1, time.Hour), Burst: 10})
		for _, test := range []struct{ n, want int }{{-1, 0}, {0, 0}, {4, 4}, {100, 6}, {1, 0}} {
			if got := l.TakeUpTo(test.n); got != test.want {
				t.Errorf("TakeUpTo(%d) = %d, want %d", test.n, got, test.want)
			}
		}
		l.Refund(3)
		l.Refund(-3)
		if got := l.TakeUpTo(100); got != 3 {
			t.Errorf("TakeUpTo after 3 were given back = %d, want 3", got)
		}
		l.Refund(1 << 62)
		if got := l.TakeUpTo(100); got != 10 {
			t.Errorf("TakeUpTo after too many were given back = %d, want 10", got)
		}
	})
}

func TestReadingsThatStepBack(t *testing.T) {
	for _, back := range []time.Duration{5 * time.Millisecond, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			l := ratelimit.New(ratelimit.Config{Rate: ratelimit.Per(10, time.Second), Burst: 1})
			bubble.Advance(2 * time.Hour)
			allowed := func(now time.Time) bool { _, err := l.AcquireAt(t.Context(), now); return err == nil }
			if !allowed(time.Now()) || allowed(time.Now().Add(-back)) || allowed(time.Now()) {
				t.Errorf("a reading %v back refilled a burst of 1", back)
			}
			bubble.Advance(100 * time.Millisecond)
			if !allowed(time.Now().Add(-back)) {
				t.Errorf("a reading %v back blocked a call that was due", back)
			}
			if allowed(time.Now()) {
				t.Errorf("a reading %v back was not charged", back)
			}
		})
	}
}

func TestPermitHoldsNothing(t *testing.T) {
	l := ratelimit.New(ratelimit.Config{Rate: ratelimit.Per(1, time.Hour), Burst: 2})
	permit, err := l.AcquireAt(t.Context(), time.Now())
	if err != nil || permit.Waited() {
		t.Fatalf("AcquireAt = %v, waited %v; want a permit without a wait", err, permit.Waited())
	}
	permit.DoneAt(time.Now(), nil)
	permit.Done(context.Canceled)
	l.Release(gate.Token{}, nil)
	l.ReleaseAt(gate.Token{}, time.Now(), nil)
	if got := l.Status().Remaining; got != 1 {
		t.Errorf("%d of 2 tokens are left after one call, want 1", got)
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

func TestStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		minute, hour := ratelimit.Per(60, time.Minute), ratelimit.Per(90, time.Hour)
		config := ratelimit.Config{Rate: minute, And: []ratelimit.Quota{{Rate: hour}}, MaxKeys: 1}
		l, k := ratelimit.New(config), ratelimit.NewKeyed[string](config)
		check := func(when string, want ratelimit.Status) {
			t.Helper()
			if got := l.Status(); got != want {
				t.Errorf("%s: Status = %+v, want %+v", when, got, want)
			}
			if got := k.Status("a"); got != want {
				t.Errorf("%s: Status of a key = %+v, want %+v", when, got, want)
			}
		}
		take := func(n int) {
			if err := errors.Join(l.AllowN(n), k.AllowN("a", n)); err != nil {
				t.Error(err)
			}
		}
		check("at first", ratelimit.Status{Rate: minute, Limit: 60, Window: time.Minute, Remaining: 60})
		take(40)
		check("after 40", ratelimit.Status{
			Rate: minute, Limit: 60, Window: time.Minute, Remaining: 20, ResetAfter: 40 * time.Second,
		})
		bubble.Advance(40 * time.Second)
		take(50)
		check("after 50 more", ratelimit.Status{
			Rate: hour, Limit: 90, Window: time.Hour, Remaining: 1, ResetAfter: time.Hour - 40*time.Second,
			RetryAfter: 0,
		})
		take(1)
		check("when the hour's are spent", ratelimit.Status{
			Rate: hour, Limit: 90, Window: time.Hour, ResetAfter: time.Hour, RetryAfter: 40 * time.Second,
		})
	})
}

func TestSnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := ratelimit.New(ratelimit.Config{
			Name: "search", Rate: ratelimit.Per(10, time.Second), Burst: 20, Shadow: true,
			And: []ratelimit.Quota{{Rate: ratelimit.Per(1000, time.Hour)}},
		})
		l.TakeUpTo(5)
		text, err := json.Marshal(l.Snapshot())
		want := `{"name":"search","shadow":true,"limits":[` +
			`{"rate":"10/s","limit":20,"window":2000000000,"remaining":15,"reset_after":500000000,"retry_after":0},` +
			`{"rate":"1000/h","limit":1000,"window":3600000000000,"remaining":995,"reset_after":18000000000,"retry_after":0}]}`
		if err != nil || string(text) != want {
			t.Errorf("Snapshot = %s, %v\nwant %s", text, err, want)
		}
	})
}

func TestUpdate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := ratelimit.Config{Name: "a", Rate: ratelimit.Per(10, time.Second)}
		l := ratelimit.New(config)
		l.TakeUpTo(10)
		config.Name, config.Rate, config.Burst = "b", ratelimit.Per(1, time.Minute), 5
		if err := l.Update(config); err != nil {
			t.Fatal(err)
		}
		if got, want := fmt.Sprint(l.AllowN(1)), `ratelimit "b": rate limit reached, retry after 1m0s`; got != want {
			t.Errorf("after Update AllowN = %s, want %s", got, want)
		}
		if got := fmt.Sprint(l.AllowN(6)); got != `ratelimit "b": more tokens than the burst` {
			t.Errorf("AllowN above the new burst = %s", got)
		}
		config.Burst = -1
		if err := l.Update(config); err == nil || l.Status().Limit != 5 {
			t.Errorf("Update to a mistake = %v, with a burst of %d; want an error and the old 5", err, l.Status().Limit)
		}
	})
}
