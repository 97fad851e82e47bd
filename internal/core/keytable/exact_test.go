package keytable

import (
	"testing"

	"github.com/backstay-go/backstay/internal/core/gcra"
)

// Exact ticks are for limits that the ring holds.
func TestExactTicks(t *testing.T) {
	sevenSecond := gcra.Spec{Count: 7, Period: second, Burst: 7}
	tests := map[string]struct {
		spec            gcra.Spec
		patience, ahead int64
		want            bool
	}{
		"a short wait":            {sevenSecond, second, second, true},
		"a long wait":             {sevenSecond, hour, hour, false},
		"others wait long":        {sevenSecond, 0, hour, false},
		"a burst of a minute":     {gcra.Spec{Count: 7, Period: second, Burst: 420}, 0, 0, true},
		"a burst of an hour":      {gcra.Spec{Count: 7, Period: second, Burst: 7 * 3600}, 0, 0, false},
		"no exact ticks":          {gcra.Spec{Count: 333, Period: second, Burst: 1}, 0, 0, false},
		"more patience than time": {sevenSecond, 1 << 60, 1 << 60, false},
	}
	for name, test := range tests {
		limit := limitFor(test.spec, test.patience, test.ahead)
		if m := limit.Moment(1_234_567); (m == gcra.Moment{Floor: 7 * 1_234_567, Ceil: 7 * 1_234_567}) != test.want {
			t.Errorf("%s: a reading of 1234567 is %+v, exact ticks: want %v", name, m, test.want)
		}
	}
}

// Reservations of older limits outlive several changes, though the ticks of the
// new limit alone could be too fine for them.
func TestLongReservationsOutliveUpdates(t *testing.T) {
	table := New(1, hour, gcra.Spec{Count: 1, Period: hour, Burst: 1})
	table.Take(1, 0, 1)
	if r, taken := table.Reserve(1, 0, 1, hour); !taken || r.At != hour {
		t.Fatalf("Reserve = %d, %v; want an hour", r.At, taken)
	}
	for range 3 {
		table.Update(0, 0, gcra.Spec{Count: 20, Period: second, Burst: 1})
		table.Update(0, 0, gcra.Spec{Count: 31, Period: second, Burst: 1})
	}
	if ready := table.Take(1, 0, 1); ready < hour {
		t.Errorf("ready at %d, want after the reservation for %d", ready, int64(hour))
	}
}

func TestBusyIsCounted(t *testing.T) {
	spec := gcra.Spec{Count: 1, Period: second, Burst: 1}
	for _, busy := range []uint64{0, 1, 10, 1000} {
		table := New(100_000, 0, spec, spec)
		for key := range busy {
			table.Take(hash(key), 0, 1)
		}
		if got := table.Stats(second - 1).Busy; got != int(busy) {
			t.Errorf("%d keys are busy, want %d", got, busy)
		}
		// No stripe is swept when nobody comes; time goes round the ring.
		for _, now := range []int64{second, quarter + 1, 3 * quarter, 4*quarter + 1} {
			if got := table.Stats(now).Busy; got != 0 {
				t.Errorf("%d keys are busy at %d, when all buckets are full", got, now)
			}
		}
	}
}
