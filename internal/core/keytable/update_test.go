package keytable

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/backstay-go/backstay/internal/core/gcra"
)

func TestUpdateKeepsTheDebt(t *testing.T) {
	tests := map[string]struct {
		before, after gcra.Spec
		spent, want   int64 // tokens spent before, tokens to be had after
	}{
		"faster":        {gcra.Spec{Count: 10, Period: second, Burst: 10}, gcra.Spec{Count: 1000, Period: second, Burst: 10}, 10, 0},
		"slower":        {gcra.Spec{Count: 1000, Period: second, Burst: 10}, gcra.Spec{Count: 1, Period: day, Burst: 10}, 4, 6},
		"larger burst":  {gcra.Spec{Count: 10, Period: second, Burst: 10}, gcra.Spec{Count: 10, Period: second, Burst: 100}, 10, 90},
		"smaller burst": {gcra.Spec{Count: 10, Period: second, Burst: 100}, gcra.Spec{Count: 10, Period: second, Burst: 10}, 50, 0},
		"nothing spent": {gcra.Spec{Count: 10, Period: second, Burst: 10}, gcra.Spec{Count: 7, Period: second, Burst: 20}, 0, 20},
		"coarser ticks": {gcra.Spec{Count: 1, Period: 30 * day, Burst: 10}, gcra.Spec{Count: 1, Period: second, Burst: 10}, 3, 7},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			table := New(100, 0, test.before)
			if test.spent > 0 {
				table.Take(hash(7), hour, test.spent)
			}
			table.Update(hour, 0, test.after)
			list, _ := table.Status(hash(7), hour)
			if got := list[0].Remaining; got != test.want {
				t.Errorf("after %d tokens of %+v, %+v leaves %d, want %d", test.spent, test.before, test.after, got, test.want)
			}
			if list, _ := table.Status(hash(8), hour); list[0].Remaining != test.after.Burst {
				t.Errorf("another key has %d tokens, want all %d", list[0].Remaining, test.after.Burst)
			}
		})
	}
}

func TestUpdateTheNumberOfLimits(t *testing.T) {
	quick, slow := gcra.Spec{Count: 10, Period: second, Burst: 10}, gcra.Spec{Count: 100, Period: hour, Burst: 100}
	table := New(100, 0, quick)
	table.Take(hash(1), 0, 4)
	table.Update(0, 0, quick, slow)
	table.Take(hash(1), 0, 1)
	list, limits := table.Status(hash(1), 0)
	if limits != 2 || list[0].Remaining != 5 || list[1].Remaining != 99 {
		t.Errorf("%d limits with %d and %d tokens, want 2 with 5 and 99", limits, list[0].Remaining, list[1].Remaining)
	}
	table.Update(0, 0, quick)
	if list, limits := table.Status(hash(1), 0); limits != 1 || list[0].Remaining != 5 {
		t.Errorf("back to %d limit with %d tokens, want 1 with 5", limits, list[0].Remaining)
	}
}

func TestUpdateKeepsReservations(t *testing.T) {
	for name, after := range map[string]gcra.Spec{
		"faster": {Count: 1000, Period: second, Burst: 1},
		"slower": {Count: 1, Period: second, Burst: 1},
	} {
		table := New(100, second, gcra.Spec{Count: 10, Period: second, Burst: 1})
		table.Take(hash(1), 0, 1)
		table.Reserve(hash(1), 0, 1, second)
		last, _ := table.Reserve(hash(1), 0, 1, second)
		table.Update(0, second, after)
		if ready := table.Take(hash(1), 0, 1); ready != last.At+after.Period/after.Count {
			t.Errorf("%s: ready at %d, want a token's time after the last reservation, %d", name, ready, last.At+after.Period/after.Count)
		}
		table.Cancel(0, last) // made under the old limits: gives nothing back
		if ready := table.Take(hash(1), 0, 1); ready != last.At+after.Period/after.Count {
			t.Errorf("%s: ready at %d after an old reservation was cancelled", name, ready)
		}
	}
}

func TestReservationOfOldLimitsGivesNothingBack(t *testing.T) {
	spec := gcra.Spec{Count: 1, Period: second, Burst: 1}
	table := New(1, hour, spec)
	table.Take(1, 0, 1)
	r, _ := table.Reserve(1, 0, 1, hour)
	table.Update(0, hour, spec)
	table.Cancel(0, r)
	if ready := table.Take(1, 0, 1); ready != 2*second {
		t.Errorf("ready at %d, want %d", ready, 2*second)
	}
}

func TestUpdateFromDaysToNanoseconds(t *testing.T) {
	table := New(1, 20*day, gcra.Spec{Count: 1, Period: 10 * day, Burst: 1})
	table.Take(1, 0, 1)
	table.Reserve(1, 0, 1, 20*day)
	table.Update(0, 0, gcra.Spec{Count: 10, Period: second, Burst: 1})
	if ready := table.Take(1, 0, 1); ready < hour || ready > 2*hour {
		t.Errorf("ready at %d, want as late as a word can tell, an hour or so", ready)
	}
}

func TestLateReadingAfterUpdate(t *testing.T) {
	spec := gcra.Spec{Count: 1, Period: second, Burst: 1}
	table := New(1, 0, spec)
	table.Take(1, 0, 1)
	table.Update(second, 0, spec) // full by now
	table.Take(1, second-10, 1)
	if ready := table.Take(1, second, 1); ready != 2*second {
		t.Errorf("ready at %d after a call with a reading from before the change, want %d", ready, 2*second)
	}
}

func TestUpdateCarriesTheOverflow(t *testing.T) {
	spec := gcra.Spec{Count: 1, Period: second, Burst: 2}
	table := New(1, 0, spec)
	for i := range uint64(9) {
		table.Take(table.in(3, i+1), 0, 2) // the ninth from the overflow
	}
	table.Update(0, 0, spec)
	if ready := table.Take(table.in(3, 10), 0, 1); ready != second {
		t.Errorf("a key without a word: ready at %d, want %d as the overflow is empty", ready, second)
	}
	if got := table.Stats(0).Crowded; got != 2 {
		t.Errorf("Crowded = %d, want 2", got)
	}
}

func TestConcurrentUpdates(t *testing.T) {
	limits := [][]gcra.Spec{
		{{Count: 1, Period: second, Burst: 40}},
		{{Count: 3, Period: second, Burst: 40}},
		{{Count: 1, Period: day, Burst: 40}, {Count: 10, Period: second, Burst: 50}},
	}
	const keys = 20
	table := New(100, 0, limits[0]...)
	var granted [keys]atomic.Int64
	var callers sync.WaitGroup
	for i := range 8 {
		callers.Go(func() {
			for j := range 50 * keys {
				if i == 0 && j%20 == 0 {
					table.Update(0, 0, limits[j/20%len(limits)]...)
				}
				if key := j % keys; table.Take(hash(uint64(key)), 0, 1) == 0 {
					granted[key].Add(1)
				}
			}
		})
	}
	callers.Wait()
	for key := range granted {
		if got := granted[key].Load(); got != 40 {
			t.Errorf("key %d was granted %d calls at one time, want its burst of 40", key, got)
		}
	}
}
