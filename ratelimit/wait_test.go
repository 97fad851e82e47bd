package ratelimit_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/bubble"
	"github.com/backstay-go/backstay/ratelimit"
)

// emptyLimiter returns a limiter of ten a second whose burst was just spent.
func emptyLimiter(c ratelimit.Config) *ratelimit.Limiter {
	c.Rate = ratelimit.Per(10, time.Second)
	l := ratelimit.New(c)
	l.TakeUpTo(l.Status().Limit)
	return l
}

func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := emptyLimiter(ratelimit.Config{Burst: 5})
		begun := time.Now()
		for i, n := range []int{1, 3, 1} {
			if err := l.Wait(t.Context(), n); err != nil {
				t.Fatal(err)
			}
			if got, want := time.Since(begun), []time.Duration{100, 400, 500}[i]*time.Millisecond; got != want {
				t.Errorf("Wait %d, for %d tokens, ended after %v, want %v", i+1, n, got, want)
			}
		}
	})
}

// The one who wants much is not overtaken by those who want little.
func TestThoseWhoWaitAreServedInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := emptyLimiter(ratelimit.Config{Burst: 5})
		served := make(chan int, 10)
		for i := range 10 {
			go func() {
				if err := l.Wait(t.Context(), 1+4*(i%2)); err != nil {
					t.Error(err)
				}
				served <- i
			}()
			synctest.Wait()
		}
		bubble.Advance(3 * time.Second)
		for want := range 10 {
			if got := <-served; got != want {
				t.Errorf("caller %d is served, want caller %d", got, want)
			}
		}
	})
}

func TestWaitThatCannotFitTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := emptyLimiter(ratelimit.Config{Burst: 1})
		begun := time.Now()
		for _, limit := range []time.Duration{time.Millisecond, 100 * time.Millisecond} {
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			err := l.Wait(ctx, 1)
			cancel()
			rejected, _ := errors.AsType[*gate.RejectedError](err)
			if !errors.Is(err, ratelimit.ErrLimited) || rejected.After != 100*time.Millisecond {
				t.Errorf("Wait of 100 ms within %v = %v, want ErrLimited and After 100ms", limit, err)
			}
		}
		if waited := time.Since(begun); waited > 0 {
			t.Errorf("the refusals took %v, want none", waited)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond+1)
		defer cancel()
		if err := l.Wait(ctx, 1); err != nil {
			t.Errorf("Wait that just fits = %v: the refusals charged something", err)
		}
	})
}

func TestWaitWithEndedContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := ratelimit.New(ratelimit.Config{Rate: ratelimit.Per(1, time.Second)})
		canceled, cancel := context.WithCancel(t.Context())
		cancel()
		expired, cancel := context.WithDeadline(t.Context(), time.Now())
		defer cancel()
		for _, ctx := range []context.Context{canceled, expired} {
			err := l.Wait(ctx, 1)
			if !errors.Is(err, ctx.Err()) || !errors.Is(err, gate.ErrRejected) {
				t.Errorf("Wait = %v, want a refusal that matches %v", err, ctx.Err())
			}
		}
		if got := l.Status().Remaining; got != 1 {
			t.Errorf("%d tokens are left, want 1: nothing was taken", got)
		}
	})
}

// lateTimer is a context whose deadline has passed and that has not noticed.
type lateTimer struct{ context.Context }

func (lateTimer) Deadline() (time.Time, bool) { return time.Now().Add(-time.Second), true }

func TestWaitPastTheDeadline(t *testing.T) {
	l := ratelimit.New(ratelimit.Config{Rate: ratelimit.Per(1, time.Hour)})
	if err := l.Wait(lateTimer{t.Context()}, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Wait = %v, want context.DeadlineExceeded", err)
	}
}

func TestThousandWaitersWhoGiveUpLeaveNoDebt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := emptyLimiter(ratelimit.Config{Burst: 1})
		var waiters sync.WaitGroup
		cancels := make([]context.CancelFunc, 1000)
		for i := range cancels {
			ctx, cancel := context.WithCancel(t.Context())
			cancels[i] = cancel
			waiters.Go(func() {
				if err := l.Wait(ctx, 1); !errors.Is(err, context.Canceled) || !errors.Is(err, gate.ErrRejected) {
					t.Errorf("Wait = %v, want a refusal that matches context.Canceled", err)
				}
			})
		}
		bubble.Advance(time.Millisecond)
		rand.New(rand.NewPCG(1, 2)).Shuffle(len(cancels), func(i, j int) { cancels[i], cancels[j] = cancels[j], cancels[i] })
		for _, cancel := range cancels {
			cancel()
		}
		waiters.Wait()
		if got := l.Status().RetryAfter; got != 99*time.Millisecond {
			t.Errorf("a token is due in %v, want 99ms", got)
		}
	})
}

func TestTurnOfOneWhoGaveUpGoesToTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := emptyLimiter(ratelimit.Config{Burst: 1})
		ctx, cancel := context.WithCancel(t.Context())
		go l.Wait(ctx, 1)
		synctest.Wait()
		go l.Wait(t.Context(), 1)
		synctest.Wait()
		cancel()
		synctest.Wait()
		begun := time.Now()
		if err := l.Wait(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		if got := time.Since(begun); got != 100*time.Millisecond {
			t.Errorf("the next waited %v, want 100ms, the turn of the one who gave up", got)
		}
		bubble.Advance(time.Second)
	})
}

func TestMaxWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := ratelimit.Config{Rate: ratelimit.Per(10, time.Second), Burst: 1, MaxWait: 150 * time.Millisecond, MaxKeys: 1}
		gates := map[string]gate.Gate{
			"limiter": ratelimit.New(config), "keyed": ofKey{ratelimit.NewKeyed[string](config)},
		}
		for name, g := range gates {
			begun := time.Now()
			for i, want := range []time.Duration{0, 100 * time.Millisecond} {
				permit, err := g.Acquire(t.Context())
				if err != nil || time.Since(begun) != want || permit.Waited() != (want > 0) {
					t.Errorf("%s: Acquire %d = %v after %v, waited %v; want a permit after %v", name, i+1, err, time.Since(begun), permit.Waited(), want)
				}
			}
			go g.Acquire(t.Context()) // its turn is in 100 ms
			synctest.Wait()
			_, err := g.Acquire(t.Context())
			rejected, _ := errors.AsType[*gate.RejectedError](err)
			if !errors.Is(err, ratelimit.ErrLimited) || rejected.After != 200*time.Millisecond {
				t.Errorf("%s: Acquire with a turn in 200 ms = %v, want ErrLimited and After 200ms", name, err)
			}
			if got := time.Since(begun); got != 100*time.Millisecond {
				t.Errorf("%s: the refusal took until %v, want 100ms", name, got)
			}
			bubble.Advance(time.Hour)
		}
	})
}

func TestMaxWaitAndContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := ratelimit.Config{Rate: ratelimit.Per(1, time.Second), Burst: 1, MaxWait: time.Minute, MaxKeys: 1}
		gates := map[string]gate.Gate{
			"limiter": ratelimit.New(config), "keyed": ofKey{ratelimit.NewKeyed[string](config)},
		}
		for name, g := range gates {
			if _, err := g.Acquire(t.Context()); err != nil {
				t.Fatal(err)
			}
			short, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			begun := time.Now()
			if _, err := g.Acquire(short); !errors.Is(err, ratelimit.ErrLimited) || time.Since(begun) > 0 {
				t.Errorf("%s: Acquire within half the wait = %v after %v, want ErrLimited at once", name, err, time.Since(begun))
			}
			cancel()
			if _, err := g.Acquire(short); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: Acquire with an ended context = %v, want context.Canceled", name, err)
			}
			later, cancel := context.WithCancel(t.Context())
			time.AfterFunc(300*time.Millisecond, cancel)
			if _, err := g.Acquire(later); !errors.Is(err, context.Canceled) || time.Since(begun) != 300*time.Millisecond {
				t.Errorf("%s: Acquire = %v after %v, want context.Canceled after 300ms", name, err, time.Since(begun))
			}
			if _, err := g.Acquire(t.Context()); err != nil || time.Since(begun) != time.Second {
				t.Errorf("%s: the next call = %v after %v, want a permit after 1s", name, err, time.Since(begun))
			}
			bubble.Advance(time.Hour)
		}
	})
}

// A reading from before the wait must not be used for what comes after.
func TestAcquireAtWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := emptyLimiter(ratelimit.Config{MaxWait: time.Second})
		permit, err := l.AcquireAt(t.Context(), time.Now())
		if err != nil || !permit.Waited() {
			t.Errorf("AcquireAt = %v, waited %v; want a permit after a wait", err, permit.Waited())
		}
	})
}

func TestReserve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := emptyLimiter(ratelimit.Config{Burst: 2})
		turn, err := l.Reserve(2)
		if err != nil || turn.Delay() != 200*time.Millisecond {
			t.Fatalf("Reserve = %v with a delay of %v, want 200ms", err, turn.Delay())
		}
		bubble.Advance(150 * time.Millisecond)
		if got := turn.Delay(); got != 50*time.Millisecond {
			t.Errorf("150 ms later the delay is %v, want 50ms", got)
		}
		turn.Cancel()
		turn.Cancel()
		if got := l.Status(); got.Remaining != 1 || got.ResetAfter != 50*time.Millisecond {
			t.Errorf("after Cancel %d tokens are left and the rest is due in %v, want 1 and 50ms", got.Remaining, got.ResetAfter)
		}
		now, _ := l.Reserve(1)
		if got := now.Delay(); got != 0 {
			t.Errorf("a token that is there has a delay of %v, want 0", got)
		}
	})
}
