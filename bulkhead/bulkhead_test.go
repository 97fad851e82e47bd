package bulkhead_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay-go/backstay/bulkhead"
	"github.com/backstay-go/backstay/event"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/gate/gatetest"
	"github.com/backstay-go/backstay/internal/bubble"
)

var _ gate.Timed = (*bulkhead.Bulkhead)(nil)

func TestContract(t *testing.T) {
	configs := map[string]bulkhead.Config{
		"no queue":   {Limit: 3},
		"one permit": {Limit: 1, Queue: 1},
		"queue":      {Limit: 3, Queue: 100, MaxWait: 10 * time.Second},
		"observed":   {Limit: 3, Queue: 10, Observer: event.Func(func(context.Context, event.Event) { panic("on purpose") })},
	}
	for name, config := range configs {
		t.Run(name, func(t *testing.T) {
			gatetest.Run(t, config.Limit, func() gate.Gate { return bulkhead.New(config) })
		})
	}
}

// take acquires n permits of which there are enough.
func take(t *testing.T, b *bulkhead.Bulkhead, n int) gate.Permit {
	t.Helper()
	permit, err := b.AcquireN(t.Context(), n)
	if err != nil {
		t.Fatalf("AcquireN(%d) = %v, want a permit; %+v", n, err, b.Snapshot())
	}
	return permit
}

// refused fails the test unless err is a refusal of the bulkhead "users" for the
// reason given.
func refused(t *testing.T, err, reason error) {
	t.Helper()
	rejected, ok := errors.AsType[*gate.RejectedError](err)
	if !ok || !errors.Is(err, gate.ErrRejected) || !errors.Is(err, reason) {
		t.Fatalf("Acquire = %v, want a refusal because %q", err, reason)
	}
	if rejected.Policy != "bulkhead" || rejected.Name != "users" {
		t.Errorf("refusal by %q %q, want bulkhead users", rejected.Policy, rejected.Name)
	}
}

func TestLimit(t *testing.T) {
	b := bulkhead.New(bulkhead.Config{Name: "users", Limit: 2})
	first, _ := take(t, b, 1), take(t, b, 1)
	_, err := b.Acquire(t.Context())
	refused(t, err, bulkhead.ErrFull)
	if got, want := err.Error(), `bulkhead "users": no permit free`; got != want {
		t.Errorf("Error() = %s, want %s", got, want)
	}
	if s := b.Snapshot(); s.InFlight != 2 || s.Limit != 2 {
		t.Errorf("Snapshot = %+v, want 2 of 2 in flight", s)
	}
	first.Done(nil)
	take(t, b, 1)
}

func TestWeight(t *testing.T) {
	b := bulkhead.New(bulkhead.Config{Name: "users", Limit: 5})
	for _, n := range []int{-1, 0, 6} {
		_, err := b.AcquireN(t.Context(), n)
		refused(t, err, bulkhead.ErrWeight)
	}
	heavy := take(t, b, 4)
	_, err := b.AcquireN(t.Context(), 2)
	refused(t, err, bulkhead.ErrFull)
	take(t, b, 1)
	heavy.Done(nil)
	if s := b.Snapshot(); s.InFlight != 1 {
		t.Errorf("in flight = %d after 4 of 5 permits came back, want 1", s.InFlight)
	}
	take(t, b, 4)
}

func TestReleaseOfMoreThanWasTaken(t *testing.T) {
	b := bulkhead.New(bulkhead.Config{Limit: 2})
	permit := take(t, b, 1)
	permit.Done(nil)
	defer func() {
		if recover() == nil {
			t.Error("Done of a permit that was done did not panic")
		}
	}()
	permit.Done(nil)
}

// Whatever became of the call, its permit comes back: gatetest knows of panics
// and Goexit; here the caller's connection is lost.
func TestPermitOfLostCaller(t *testing.T) {
	b := bulkhead.New(bulkhead.Config{Limit: 1})
	ctx, lose := context.WithCancel(t.Context())
	err := gate.Do(ctx, b, func(ctx context.Context) error {
		lose()
		<-ctx.Done()
		return ctx.Err()
	})
	if !errors.Is(err, context.Canceled) || errors.Is(err, gate.ErrRejected) {
		t.Errorf("Do = %v, want the call's own error", err)
	}
	take(t, b, 1)
}

func TestObserver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events []event.Event
		var b *bulkhead.Bulkhead
		b = bulkhead.New(bulkhead.Config{
			Name: "users", Limit: 1, Queue: 1, MaxWait: 30 * time.Millisecond,
			Observer: event.Func(func(_ context.Context, e event.Event) {
				b.Snapshot() // no lock is held
				events = append(events, e)
			}),
		})
		take(t, b, 1)
		_, full := b.Acquire(t.Context()) // waits, in vain
		_, weight := b.AcquireN(t.Context(), 2)
		want := []event.Event{
			{Kind: event.Rejected, Policy: "bulkhead", Name: "users", Err: full, Elapsed: 30 * time.Millisecond},
			{Kind: event.Rejected, Policy: "bulkhead", Name: "users", Err: weight},
		}
		if len(events) != 2 || events[0] != want[0] || events[1] != want[1] {
			t.Errorf("events %+v, want %+v", events, want)
		}
	})
}

// A refusal says when another try can succeed, as soon as calls have been timed.
func TestAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := bulkhead.New(bulkhead.Config{Name: "users", Limit: 2})
		after := func(call time.Duration) time.Duration {
			for range 200 { // fill it with calls that take so long
				now := time.Now()
				one, _ := b.AcquireAt(t.Context(), now)
				two, _ := b.AcquireAt(t.Context(), now)
				_, err := b.AcquireAt(t.Context(), now)
				refused(t, err, bulkhead.ErrFull)
				bubble.Advance(call)
				one.DoneAt(time.Now(), nil)
				two.DoneAt(time.Now(), nil)
			}
			defer take(t, b, 2).Done(nil)
			_, err := b.Acquire(t.Context())
			rejected, _ := errors.AsType[*gate.RejectedError](err)
			return rejected.After
		}
		tests := []struct{ call, want time.Duration }{
			{30 * time.Millisecond, 50 * time.Millisecond},
			{20 * time.Millisecond, 50 * time.Millisecond}, // near enough to stay
			{9 * time.Millisecond, 20 * time.Millisecond},  // told when it fell to a quarter of 50ms
			{2 * time.Second, 2 * time.Second},
			{100 * time.Microsecond, time.Millisecond},
		}
		for _, test := range tests {
			if got := after(test.call); got != test.want {
				t.Errorf("After = %v with calls of %v, want %v", got, test.call, test.want)
			}
		}
	})
}

// With a queue, those who wait in it are served first.
func TestAfterWithQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := bulkhead.New(bulkhead.Config{Limit: 1, Queue: 3})
		for range 100 {
			permit := take(t, b, 1)
			bubble.Advance(10 * time.Millisecond)
			permit.Done(nil)
		}
		if got := b.Snapshot().Typical; got != 10*time.Millisecond {
			t.Errorf("Typical = %v, want 10ms", got)
		}
		take(t, b, 1)
		for range 3 {
			go b.Acquire(t.Context())
		}
		synctest.Wait()
		_, err := b.Acquire(t.Context())
		if rejected, _ := errors.AsType[*gate.RejectedError](err); rejected.After != 50*time.Millisecond {
			t.Errorf("After = %v, want the 40ms that four calls take, rounded up to 50ms", rejected.After)
		}
	})
}
