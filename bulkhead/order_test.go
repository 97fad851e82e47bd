package bulkhead_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay-go/backstay/bulkhead"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/bubble"
)

func TestFirstComeFirstServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t, bulkhead.Config{Limit: 1, Queue: 2})
		for _, name := range []string{"a", "b", "c", "d"} {
			h.come(t.Context(), name, 1, 10*ms)
		}
		bubble.Advance(100 * ms)
		h.want("0s a in", "0s d refused: no permit free", "10ms b in", "20ms c in")
		h.empty()
	})
}

func TestPriorities(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t, bulkhead.Config{Limit: 1, Queue: 4})
		of := func(p gate.Priority) context.Context { return gate.WithPriority(t.Context(), p) }
		h.come(t.Context(), "holder", 1, 10*ms)
		h.come(of(gate.Sheddable), "batch", 1, 10*ms)
		h.come(of(gate.SheddablePlus), "mail", 1, 10*ms)
		h.come(t.Context(), "user", 1, 10*ms)
		h.come(of(gate.CriticalPlus), "payment", 1, 10*ms)
		h.want("0s holder in")

		h.come(of(gate.Sheddable), "batch2", 1, 10*ms)
		h.want("0s batch2 refused: no permit free")
		h.come(of(gate.SheddablePlus), "mail2", 1, 10*ms)
		h.want("0s batch refused: no permit free")
		if s := h.Snapshot(); s.Evicted != 1 || s.Waiting != 4 {
			t.Errorf("Snapshot = %+v, want 1 evicted and 4 waiting", s)
		}
		bubble.Advance(100 * ms)
		h.want("10ms payment in", "20ms user in", "30ms mail in", "40ms mail2 in")
		h.empty()
	})
}

// Each class gets one of a hundred permits however many calls of higher classes
// come.
func TestFloor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t, bulkhead.Config{Limit: 1, Queue: 5, MaxWait: time.Hour})
		batch := gate.WithPriority(t.Context(), gate.Sheddable)
		h.come(t.Context(), "user", 1, ms)
		served := 0
		for range 500 {
			for h.Snapshot().Waiting < 5 {
				h.come(t.Context(), "user", 1, ms)
			}
			h.come(batch, "batch", 1, ms)
			bubble.Advance(ms)
		}
		bubble.Advance(time.Minute)
		for len(h.events) > 0 {
			var at, name, what string
			fmt.Sscan(<-h.events, &at, &name, &what)
			if name == "batch" && what == "in" {
				served++
			}
		}
		if served < 5 || served > 10 {
			t.Errorf("%d of 500 permits went to the lowest class, want 1 %%", served)
		}
		h.empty()
	})
}

// In a queue that does not drain the newest is served first, and newcomers wait
// 5 ms. When it has drained, all is as before.
func TestStandingQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t, bulkhead.Config{Limit: 1, Queue: 10, MaxWait: 40 * ms})
		h.come(t.Context(), "holder", 1, 22*ms)
		h.come(t.Context(), "a", 1, 10*ms)
		h.come(t.Context(), "b", 1, 10*ms)
		bubble.Advance(19 * ms)
		h.come(t.Context(), "c", 1, 10*ms)
		if h.Snapshot().Standing {
			t.Error("the queue stands after 19ms, want after half of 40ms")
		}
		bubble.Advance(ms)
		h.come(t.Context(), "d", 1, 10*ms)
		h.come(t.Context(), "e", 1, 10*ms)
		h.want("0s holder in")
		if s := h.Snapshot(); !s.Standing || s.OldestWait != 20*ms {
			t.Errorf("Snapshot = %+v, want a queue that stands since 20ms", s)
		}
		bubble.Advance(30 * ms)
		h.want("22ms e in", "25ms d refused: no permit free", "32ms c in",
			"40ms a refused: no permit free", "40ms b refused: no permit free")

		h.come(t.Context(), "f", 1, 15*ms)
		h.come(t.Context(), "g", 1, 10*ms)
		h.come(t.Context(), "h", 1, 10*ms)
		bubble.Advance(100 * ms)
		h.want("50ms f in", "65ms g in", "75ms h in")
		h.empty()
		if got := h.Snapshot().Expired; got != 3 {
			t.Errorf("%d expired, want 3", got)
		}
	})
}

// What is free is kept for a large call when it is its turn.
func TestLargeCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t, bulkhead.Config{Limit: 3, Queue: 100, MaxWait: 50 * ms})
		for range 3 {
			h.come(t.Context(), "small", 1, 10*ms)
			bubble.Advance(ms)
		}
		h.come(t.Context(), "large", 3, 10*ms)
		h.come(t.Context(), "small", 1, 10*ms)
		h.want("0s small in", "1ms small in", "2ms small in")
		bubble.Advance(20 * ms) // 10ms, 11ms: free, but kept
		h.want("12ms large in", "22ms small in")
		bubble.Advance(20 * ms)
		h.empty()
	})
}

// In a queue that stands a large call whose turn it is waits as long as it may.
func TestLargeCallInStandingQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t, bulkhead.Config{Limit: 3, Queue: 100, MaxWait: 100 * ms})
		h.come(t.Context(), "holder", 2, 300*ms)
		h.come(t.Context(), "holder", 1, 61*ms)
		h.come(t.Context(), "old", 1, 10*ms)
		bubble.Advance(60 * ms)
		h.come(t.Context(), "large", 3, 10*ms)
		bubble.Advance(2 * ms)
		h.come(t.Context(), "small", 1, 10*ms)
		bubble.Advance(200 * ms)
		h.want("0s holder in", "0s holder in", "160ms small in",
			"100ms old refused: no permit free", "160ms large refused: no permit free")
		bubble.Advance(100 * ms)
		h.empty()
	})
}

// Small calls are not held up any more once the large one has left.
func TestLargeCallThatGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t, bulkhead.Config{Limit: 3, Queue: 100, MaxWait: 50 * ms})
		h.come(t.Context(), "holder", 2, 100*ms)
		h.come(timeout(10*ms)(t.Context()), "large", 3, 10*ms)
		h.come(t.Context(), "small", 1, 10*ms)
		h.want("0s holder in")
		bubble.Advance(100 * ms)
		h.want("10ms large refused: context deadline exceeded", "10ms small in")
		h.empty()
	})
}
