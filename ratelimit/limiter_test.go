package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

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

func TestConfigIsCopied(t *testing.T) {
	and := []ratelimit.Quota{{Rate: ratelimit.Per(1, time.Hour)}}
	l := ratelimit.New(ratelimit.Config{Rate: ratelimit.Per(10, time.Second), And: and})
	and[0] = ratelimit.Quota{}
	if got, want := l.Status().Rate, ratelimit.Per(1, time.Hour); got != want {
		t.Errorf("after a change of the caller's slice the tightest limit is %v, want %v", got, want)
	}
}
