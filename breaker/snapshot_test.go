package breaker_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/backstay-go/backstay/breaker"
	"github.com/backstay-go/backstay/internal/bubble"
)

func TestSnapshot(t *testing.T) {
	c := breaker.Config{Name: "users", Consecutive: 3, SlowCall: time.Second, Ramp: time.Second, Probes: 2}
	in(t, c, func(s suite) {
		check := func(want breaker.Snapshot) {
			t.Helper()
			want.Name = "users"
			if got := s.Snapshot(); got != want {
				t.Errorf("Snapshot() = %+v\nwant %+v", got, want)
			}
		}
		check(breaker.Snapshot{Admitted: 1})
		s.do(2, succeed)
		s.do(2, fail)
		hung := s.acquire()
		bubble.Advance(time.Second)
		check(breaker.Snapshot{Admitted: 1, Calls: 4, Failures: 2, Overdue: 1, Consecutive: 2})
		hung.Done(nil)
		check(breaker.Snapshot{Admitted: 1, Calls: 5, Failures: 2, Slow: 1})

		const cause = "failures in a row: 3, last: connection refused"
		s.do(3, fail)
		left := s.Snapshot().Remaining
		check(breaker.Snapshot{State: breaker.Open, Remaining: left, Cause: cause})
		bubble.Advance(left)
		s.acquire()
		check(breaker.Snapshot{State: breaker.HalfOpen, Probes: 1, Cause: cause})
		s.do(1, succeed)
		check(breaker.Snapshot{State: breaker.HalfOpen, Probes: 1, Calls: 1, Cause: cause})
		bubble.Advance(breaker.DefaultProbeTimeout)
		s.do(1, succeed)
		bubble.Advance(time.Second / 4)
		check(breaker.Snapshot{State: breaker.HalfOpen, Admitted: 0.25, Remaining: 3 * time.Second / 4, Calls: 2, Cause: cause})
		bubble.Advance(3 * time.Second / 4)
		check(breaker.Snapshot{Admitted: 1})
		s.ForceOpen(time.Minute, "maintenance")
		check(breaker.Snapshot{State: breaker.Open, Forced: true, Remaining: time.Minute, Cause: "forced open: maintenance"})
		s.ForceClosed(0, "")
		check(breaker.Snapshot{Admitted: 1, Forced: true, Cause: "forced closed"})
	})
}

func TestSnapshotAsJSON(t *testing.T) {
	b := breaker.New(breaker.Config{Name: "users"})
	b.ForceOpen(0, "maintenance")
	got, err := json.Marshal(b.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	want := `{"name":"users","state":"open","forced":true,"admitted":0,"remaining":0,"calls":0,"failures":0,` +
		`"slow":0,"overdue":0,"consecutive":0,"probes":0,"cause":"forced open: maintenance"}`
	if string(got) != want {
		t.Errorf("the snapshot is\n%s, want\n%s", got, want)
	}
}

func TestStateNames(t *testing.T) {
	for state, want := range map[breaker.State]string{
		breaker.Closed: "closed", breaker.HalfOpen: "half_open", breaker.Open: "open", 7: "State(7)",
	} {
		if got := state.String(); got != want {
			t.Errorf("State(%d).String() = %q, want %q", uint8(state), got, want)
		}
	}
}
