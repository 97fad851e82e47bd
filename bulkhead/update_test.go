package bulkhead_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay-go/backstay/bulkhead"
	"github.com/backstay-go/backstay/event"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/bubble"
)

func (h *hall) update(c bulkhead.Config) {
	h.Helper()
	c.Name = "users"
	if err := h.Update(c); err != nil {
		h.Fatalf("Update(%+v) = %v", c, err)
	}
}

func TestUpdateGrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t, bulkhead.Config{Limit: 1, Queue: 10})
		for _, name := range []string{"holder", "a", "b", "c"} {
			h.come(t.Context(), name, 1, 10*ms)
		}
		h.come(t.Context(), "large", 2, 10*ms)
		h.want("0s holder in", "0s large refused: weight is not between 1 and the limit")
		bubble.Advance(ms)
		h.update(bulkhead.Config{Limit: 3, Queue: 10})
		h.want("1ms a in", "1ms b in")
		h.come(t.Context(), "large", 2, 10*ms)
		bubble.Advance(100 * ms)
		h.want("10ms c in", "11ms large in")
		h.empty()
	})
}

func TestUpdateShrink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t, bulkhead.Config{Limit: 3, Queue: 10})
		for i, name := range []string{"a", "b", "c", "d", "e", "f"} {
			h.come(t.Context(), name, 1, time.Duration(10+i)*ms)
		}
		h.come(t.Context(), "large", 2, 10*ms)
		h.update(bulkhead.Config{Limit: 1, Queue: 10})
		if s := h.Snapshot(); s.InFlight != 3 || s.Limit != 1 {
			t.Errorf("Snapshot = %+v, want 3 in flight above a limit of 1", s)
		}
		h.want("0s a in", "0s b in", "0s c in")
		bubble.Advance(20 * ms) // a, b and c leave; only then there is room
		h.want("12ms d in")
		bubble.Advance(100 * ms)
		h.want("25ms e in", "39ms f in", "54ms large refused: weight is not between 1 and the limit")
		h.empty()
	})
}

func TestUpdateOfQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t, bulkhead.Config{Limit: 1, Queue: 3, MaxWait: 30 * ms})
		for _, name := range []string{"holder", "a", "b", "c"} {
			h.come(t.Context(), name, 1, 20*ms)
		}
		h.update(bulkhead.Config{Limit: 1, Queue: 1, MaxWait: 100 * ms})
		h.want("0s holder in", "0s b refused: no permit free", "0s c refused: no permit free")
		h.come(t.Context(), "d", 1, 20*ms)
		h.want("0s d refused: no permit free")
		bubble.Advance(20 * ms)
		h.come(t.Context(), "e", 1, 20*ms)
		bubble.Advance(20 * ms)
		h.want("20ms a in", "40ms e in")

		h.update(bulkhead.Config{Limit: 1})
		h.come(t.Context(), "f", 1, 20*ms)
		h.want("40ms f refused: no permit free")
		bubble.Advance(20 * ms)
		h.empty()
	})
}

func TestUpdateOfWaitTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t, bulkhead.Config{Limit: 1, Queue: 3, MaxWait: 30 * ms})
		h.come(t.Context(), "holder", 1, time.Second)
		h.come(t.Context(), "a", 1, 20*ms)
		h.update(bulkhead.Config{Limit: 1, Queue: 3, MaxWait: 10 * ms})
		h.come(t.Context(), "b", 1, 20*ms)
		bubble.Advance(time.Second)
		h.want("0s holder in", "10ms b refused: no permit free", "30ms a refused: no permit free")
		h.empty()
	})
}

func TestUpdateRefusesMistakes(t *testing.T) {
	b := bulkhead.New(bulkhead.Config{Name: "users", Limit: 2})
	if err := b.Update(bulkhead.Config{Limit: 3, Queue: -1}); err == nil || !strings.Contains(err.Error(), "Queue is -1") {
		t.Errorf("Update = %v, want an error about Queue", err)
	}
	if s := b.Snapshot(); s.Limit != 2 || s.Name != "users" {
		t.Errorf("Snapshot = %+v after a refused Update, want it unchanged", s)
	}
}

func TestUpdateOfName(t *testing.T) {
	b := bulkhead.New(bulkhead.Config{Name: "old", Limit: 1})
	take(t, b, 1)
	if err := b.Update(bulkhead.Config{Name: "users", Limit: 1}); err != nil {
		t.Fatal(err)
	}
	_, err := b.Acquire(t.Context())
	refused(t, err, bulkhead.ErrFull)
}

func TestUpdateKeepsAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t, bulkhead.Config{Limit: 1, Queue: 1})
		for range 10 {
			permit := take(t, h.Bulkhead, 1)
			bubble.Advance(10 * ms)
			permit.Done(nil)
		}
		h.update(bulkhead.Config{Limit: 2})
		take(t, h.Bulkhead, 2)
		_, err := h.Acquire(t.Context())
		if rejected, _ := errors.AsType[*gate.RejectedError](err); rejected.After != 10*ms {
			t.Errorf("After = %v after Update, want 10ms", rejected.After)
		}
	})
}

// Changes of the limit are told in order, each from where the last one ended,
// also when many change it at once and the observer does so too.
func TestLimitChanged(t *testing.T) {
	var mu sync.Mutex
	var changes []event.Event
	b := new(bulkhead.Bulkhead)
	config := bulkhead.Config{Name: "users", Limit: 10}
	config.Observer = event.Func(func(_ context.Context, e event.Event) {
		b.Snapshot()
		mu.Lock()
		changes = append(changes, e)
		mu.Unlock()
		if e.To == 7 {
			c := config
			c.Limit = 8
			_ = b.Update(c)
		}
	})
	b = bulkhead.New(config)
	_ = b.Update(config) // no change
	var callers sync.WaitGroup
	for i := range 8 {
		callers.Go(func() {
			for j := range 50 {
				c := config
				c.Limit = 1 + (i*50+j)%9
				_ = b.Update(c)
			}
		})
	}
	callers.Wait()
	last := 10
	for _, e := range changes {
		if e.Kind != event.LimitChanged || e.Policy != "bulkhead" || e.Name != "users" || e.From != last || e.To == last {
			t.Fatalf("event %+v after a limit of %d, want a change from it; %v", e, last, changes)
		}
		last = e.To
	}
	if got := b.Snapshot().Limit; got != last {
		t.Errorf("the limit is %d, the last that was told %d", got, last)
	}
}

func TestSnapshotAsJSON(t *testing.T) {
	text, err := json.Marshal(bulkhead.New(bulkhead.Config{Name: "users", Limit: 3, Queue: 2}).Snapshot())
	const want = `{"name":"users","limit":3,"in_flight":0,"queue":2,"waiting":0,"oldest_wait":0,` +
		`"standing":false,"typical":0,"evicted":0,"expired":0,"hopeless":0}`
	if err != nil || string(text) != want {
		t.Errorf("Snapshot as JSON = %s, %v; want %s", text, err, want)
	}
}

// Everything at once under the race detector: the limit moves, callers give up,
// and at the end nothing is held and nobody waits.
func TestUpdateUnderLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t, bulkhead.Config{Limit: 4, Queue: 50, MaxWait: 20 * ms})
		var callers sync.WaitGroup
		for i := range 256 {
			callers.Go(func() {
				for j := range 10 {
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+(i*7+j)%30)*ms)
					permit, err := h.AcquireN(ctx, 1+(i+j)%3)
					cancel()
					if err == nil {
						bubble.Pause(time.Duration(i%5) * ms)
						permit.Done(nil)
					} else if !errors.Is(err, bulkhead.ErrFull) && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, bulkhead.ErrWeight) {
						t.Errorf("Acquire = %v, want a known reason", err)
					}
					bubble.Pause(time.Duration(1+j) * ms)
				}
			})
		}
		callers.Go(func() {
			for i := range 50 {
				h.update(bulkhead.Config{Limit: 2 + i%7, Queue: 20 + i, MaxWait: time.Duration(5+i) * ms})
				bubble.Pause(2 * ms)
			}
		})
		callers.Wait()
		h.empty()
	})
}

// The refusals of a bulkhead are one value, so that they cost nothing.
func TestRefusalsAreShared(t *testing.T) {
	b := bulkhead.New(bulkhead.Config{Limit: 1})
	take(t, b, 1)
	var errs []error
	for range 3 {
		_, err := b.Acquire(t.Context())
		errs = append(errs, err)
	}
	if len(slices.Compact(errs)) != 1 {
		t.Errorf("refusals %v are different values, want one", errs)
	}
}
