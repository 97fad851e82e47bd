package bulkhead_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay-go/backstay/bulkhead"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/bubble"
)

// hall is a bulkhead in a bubble with callers that have names.
type hall struct {
	*testing.T
	*bulkhead.Bulkhead
	events chan string // "a in", or "a refused because"
	begun  time.Time
}

func newHall(t *testing.T, c bulkhead.Config) *hall {
	c.Name = "users"
	return &hall{t, bulkhead.New(c), make(chan string, 10_000), time.Now()}
}

// come lets a caller of n permits come, who holds them for the time given.
func (h *hall) come(ctx context.Context, name string, n int, hold time.Duration) {
	go func() {
		permit, err := h.AcquireN(ctx, n)
		if err != nil {
			rejected, _ := errors.AsType[*gate.RejectedError](err)
			h.events <- fmt.Sprintf("%v %s refused: %v", h.at(), name, rejected.Reason)
			return
		}
		h.events <- fmt.Sprintf("%v %s in", h.at(), name)
		bubble.Pause(hold)
		permit.Done(nil)
	}()
	synctest.Wait()
}

func (h *hall) at() time.Duration { return time.Since(h.begun) }

// want compares what has happened since the last time.
func (h *hall) want(want ...string) {
	h.Helper()
	synctest.Wait()
	var got []string
	for len(h.events) > 0 {
		got = append(got, <-h.events)
	}
	slices.Sort(got) // who is woken at the same moment runs in any order
	slices.Sort(want)
	if !slices.Equal(got, want) {
		h.Errorf("got  %q\nwant %q; %+v", got, want, h.Snapshot())
	}
}

// empty fails the test if anything is left of the callers.
func (h *hall) empty() {
	h.Helper()
	synctest.Wait()
	if s := h.Snapshot(); s.InFlight != 0 || s.Waiting != 0 {
		h.Errorf("%d permits are held and %d calls wait, want none", s.InFlight, s.Waiting)
	}
	take(h.T, h.Bulkhead, h.Snapshot().Limit).Done(nil)
}

const ms = time.Millisecond

func TestWaitEnds(t *testing.T) {
	custom := errors.New("custom")
	tests := []struct {
		name  string
		ctx   func(ctx context.Context) context.Context
		after time.Duration
		want  error
	}{
		{"max wait", func(ctx context.Context) context.Context { return ctx }, 100 * ms, bulkhead.ErrFull},
		{"deadline", timeout(30 * ms), 30 * ms, context.DeadlineExceeded},
		{"deadline at max wait", timeout(100 * ms), 100 * ms, context.DeadlineExceeded},
		{"later deadline", timeout(200 * ms), 100 * ms, bulkhead.ErrFull},
		{"cancelled", func(ctx context.Context) context.Context {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(20*ms, cancel)
			return ctx
		}, 20 * ms, context.Canceled},
		{"cancelled before", func(ctx context.Context) context.Context {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return ctx
		}, 0, context.Canceled},
		{"too late before", timeout(-ms), 0, context.DeadlineExceeded},
		{"context of another kind", func(ctx context.Context) context.Context { return ended{ctx, custom} }, 0, custom},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := bulkhead.New(bulkhead.Config{Name: "users", Limit: 1, Queue: 10, MaxWait: 100 * ms})
				held := take(t, b, 1)
				ctx := test.ctx(t.Context())
				begun := time.Now()
				_, err := b.AcquireAt(ctx, begun)
				refused(t, err, test.want)
				if got := time.Since(begun); got != test.after {
					t.Errorf("refused after %v, want %v", got, test.after)
				}
				if s := b.Snapshot(); s.InFlight != 1 || s.Waiting != 0 {
					t.Errorf("the caller left a trace: %+v", s)
				}
				held.Done(nil)
				take(t, b, 1)
			})
		})
	}
}

func timeout(d time.Duration) func(context.Context) context.Context {
	return func(ctx context.Context) context.Context {
		ctx, cancel := context.WithTimeout(ctx, d)
		context.AfterFunc(ctx, cancel)
		return ctx
	}
}

// ended is a context with an error of its own.
type ended struct {
	context.Context
	err error
}

func (e ended) Err() error { return e.err }

// A deadline that nothing but the clock enforces holds as well.
func TestDeadlineWithoutTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t, bulkhead.Config{Limit: 1, Queue: 10})
		h.come(t.Context(), "holder", 1, 50*ms)
		h.come(dated{t.Context(), time.Now().Add(50 * ms)}, "late", 1, 0)
		bubble.Advance(50 * ms)
		h.want("0s holder in", "50ms late refused: context deadline exceeded")
		h.empty()
	})
}

// dated is a context that has a deadline and does not end at it.
type dated struct {
	context.Context
	deadline time.Time
}

func (d dated) Deadline() (time.Time, bool) { return d.deadline, true }

// A call that could not finish in time does not get a permit that others could
// use.
func TestHopeless(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t, bulkhead.Config{Limit: 1, Queue: 10, MaxWait: time.Second})
		for range 10 { // calls take 20ms
			permit := take(t, h.Bulkhead, 1)
			bubble.Advance(20 * ms)
			permit.Done(nil)
		}
		h.begun = time.Now()
		h.come(t.Context(), "holder", 1, 50*ms)
		h.come(timeout(65*ms)(t.Context()), "a", 1, 20*ms)
		h.come(timeout(75*ms)(t.Context()), "b", 1, 20*ms)
		h.come(timeout(20*ms)(t.Context()), "c", 1, 20*ms)
		bubble.Advance(200 * ms)
		h.want("0s holder in", "0s c refused: no permit free", "45ms a refused: no permit free", "50ms b in")
		if got := h.Snapshot().Hopeless; got != 2 {
			t.Errorf("%d hopeless, want 2", got)
		}
		h.empty()
	})
}

// Estimates never lock callers out: when the dependency is fast again, the calls
// that find a free permit tell.
func TestHopelessEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := bulkhead.New(bulkhead.Config{Name: "users", Limit: 1, Queue: 10, MaxWait: time.Second})
		call := func(takes time.Duration) {
			permit := take(t, b, 1)
			bubble.Advance(takes)
			permit.Done(nil)
		}
		for range 20 {
			call(time.Second)
		}
		waits := func() bool {
			ctx, cancel := context.WithTimeout(t.Context(), 50*ms)
			defer cancel()
			permit := take(t, b, 1)
			defer permit.Done(nil)
			begun := time.Now()
			_, err := b.Acquire(ctx)
			refused(t, err, gate.ErrRejected)
			return time.Since(begun) > 0
		}
		if waits() {
			t.Error("a call waited that could not have finished in time")
		}
		for range 100 {
			call(10 * ms)
		}
		if !waits() {
			t.Error("a call was refused that could have finished in time")
		}
	})
}

// Trap: a thousand waiters that give up must not leave anything behind.
func TestWaitersThatGiveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t, bulkhead.Config{Limit: 2, Queue: 1000})
		held := take(t, h.Bulkhead, 2)
		ctx, cancel := context.WithCancel(t.Context())
		for range 1000 {
			h.come(ctx, "waiter", 1, 0)
		}
		if got := h.Snapshot().Waiting; got != 1000 {
			t.Errorf("%d wait, want 1000", got)
		}
		cancel()
		synctest.Wait()
		if got := h.Snapshot().Waiting; got != 0 {
			t.Errorf("%d wait, want 0", got)
		}
		held.Done(nil)
		h.empty()
	})
}

// A call whose turn and end come at once gives its permit to the next.
func TestTurnThatComesTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t, bulkhead.Config{Limit: 1, Queue: 10})
		for range 100 {
			held := take(t, h.Bulkhead, 1)
			ctx, cancel := context.WithCancel(t.Context())
			h.come(ctx, "a", 1, 0)
			h.come(t.Context(), "b", 1, 0)
			held.Done(nil)
			cancel() // most often before a has seen that it is its turn
			bubble.Advance(ms)
			h.empty()
		}
	})
}

// It makes no difference whether the permit that comes back was the last one, nor
// by which way it does.
func TestEveryReleaseWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := bulkhead.New(bulkhead.Config{Limit: 2, Queue: 1})
		for _, last := range []bool{true, false} {
			for _, release := range []func(gate.Permit){
				func(p gate.Permit) { p.Done(nil) },
				func(p gate.Permit) { p.DoneAt(time.Now(), nil) },
			} {
				held := []gate.Permit{take(t, b, 1), take(t, b, 1)}
				if last {
					held[0], held[1] = held[1], held[0]
				}
				time.AfterFunc(10*ms, func() { release(held[0]) })
				begun := time.Now()
				permit := take(t, b, 1)
				if waited := time.Since(begun); waited != 10*ms || !permit.Waited() {
					t.Errorf("waited %v, Waited() = %v; want 10ms, true", waited, permit.Waited())
				}
				permit.Done(nil)
				held[1].Done(nil)
			}
		}
		if take(t, b, 1).Waited() {
			t.Error("a permit that was free says that the gate waited")
		}
	})
}
