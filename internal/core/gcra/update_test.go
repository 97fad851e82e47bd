package gcra

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/backstay-go/backstay/internal/script"
)

func TestUpdateKeepsTheDebt(t *testing.T) {
	tests := map[string]struct {
		before, after Spec
		spent, want   int64 // tokens spent before, tokens to be had after
	}{
		"faster":              {Spec{10, second, 10}, Spec{1000, second, 10}, 10, 0},
		"slower":              {Spec{1000, second, 10}, Spec{1, second, 10}, 4, 6},
		"larger burst":        {Spec{10, second, 10}, Spec{10, second, 100}, 10, 90},
		"smaller burst":       {Spec{10, second, 100}, Spec{10, second, 10}, 50, 0},
		"smaller, little due": {Spec{10, second, 100}, Spec{10, second, 10}, 3, 7},
		"nothing spent":       {Spec{10, second, 10}, Spec{7, second, 20}, 0, 20},
		"odd rates":           {Spec{3, second, 10}, Spec{7, second, 10}, 6, 4},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			m := NewMeter(test.before)
			m.Take(0, test.spent)
			m.Update(0, test.after)
			if got := m.TakeUpTo(0, Never); got != test.want {
				t.Errorf("after %d tokens of %+v, %+v gives %d, want %d", test.spent, test.before, test.after, got, test.want)
			}
		})
	}
}

func TestUpdateBlocksNoLongerThanTheNewBurst(t *testing.T) {
	m := NewMeter(Spec{10, second, 1000})
	m.Take(0, 1000)
	m.Update(0, Spec{10, second, 5})
	if ready := m.Take(0, 1); ready != second/10 {
		t.Errorf("ready at %d after the burst was lowered, want %d", ready, second/10)
	}
}

func TestBurstLoweredAndRaisedGivesNothingAway(t *testing.T) {
	low, high := Spec{10, second, 10}, Spec{10, second, 100}
	m := NewMeter(high)
	got := m.TakeUpTo(0, Never)
	for range 20 {
		m.Update(0, low)
		got += m.TakeUpTo(0, Never)
		m.Update(0, high)
		got += m.TakeUpTo(0, Never)
	}
	if got != 100 {
		t.Errorf("a burst of 100, lowered and raised, gave %d tokens, want 100", got)
	}
	if got := m.TakeUpTo(3600*second, Never); got != 100 {
		t.Errorf("an hour later it gives %d tokens, want 100", got)
	}
}

func TestWhatWasForgivenIsNotPaidByRefunds(t *testing.T) {
	low, high := Spec{10, second, 10}, Spec{10, second, 100}
	m := NewMeter(high)
	m.Take(0, 100)
	m.Update(0, low) // forgives 90
	m.Refund(0, 5)
	m.Refund(0, 10) // no more than a full bucket
	m.Update(0, high)
	if got := m.TakeUpTo(0, Never); got != 10 {
		t.Errorf("after 100 tokens, 90 of them forgiven and 10 given back, %d are left of 100, want 10", got)
	}
}

func TestUpdateOfLimitThatCameWhileOthersWaited(t *testing.T) {
	slow, quick := Spec{10, 3600 * second, 40}, Spec{10, second, 100}
	m := NewMeter(slow)
	m.Take(0, 40)
	m.Reserve(0, 1, Never) // waits for minutes
	m.Update(0, Spec{10, 3600 * second, 80}, quick)
	m.Take(0, 30)
	m.Update(0, slow, quick)
	if list, _ := m.Status(0); list[1].Remaining != 70 {
		t.Errorf("%d of 100 tokens remain under the limit that came later, want 70", list[1].Remaining)
	}
}

func TestUpdateKeepsReservations(t *testing.T) {
	for name, after := range map[string]Spec{"faster": {1000, second, 1}, "slower": {1, second, 1}} {
		m := NewMeter(Spec{10, second, 1})
		m.Take(0, 1)
		first, _ := m.Reserve(0, 1, Never)
		last, _ := m.Reserve(0, 1, Never)
		m.Update(0, after)
		if ready := m.Take(0, 1); ready != last.At+after.Period/after.Count {
			t.Errorf("%s: ready at %d, want a token's time after the last reservation, %d", name, ready, last.At+after.Period/after.Count)
		}
		m.Cancel(0, first)
		if r, _ := m.Reserve(0, 1, Never); r.At != first.At {
			t.Errorf("%s: a slot given up after the change is not used again: at %d, want %d", name, r.At, first.At)
		}
	}
}

func TestUpdateTheNumberOfLimits(t *testing.T) {
	second1, hour := Spec{10, second, 10}, Spec{100, 3600 * second, 100}
	m := NewMeter(second1)
	m.Take(0, 4)
	m.Update(0, second1, hour)
	m.Take(0, 1)
	list, limits := m.Status(0)
	if limits != 2 || list[0].Remaining != 5 || list[1].Remaining != 99 {
		t.Errorf("%d limits with %d and %d tokens, want 2 with 5 and 99", limits, list[0].Remaining, list[1].Remaining)
	}
	m.Update(0, second1)
	if got := m.TakeUpTo(0, Never); got != 5 {
		t.Errorf("back to one limit: %d tokens, want 5", got)
	}
}

// Nobody is admitted beyond the larger of two limits while a meter goes from one
// to the other and back.
func TestUpdatesMintNothing(t *testing.T) {
	for seed := range uint64(500) {
		s := script.Random(seed, 5)
		a, b := anySpec(s), anySpec(s)
		b.Period = a.Period
		b.Count = min(b.Count, b.Period)
		most := Spec{max(a.Count, b.Count), a.Period, max(a.Burst, b.Burst)}
		m := NewMeter(a)
		l := record(s, m, []Spec{{a.Count, a.Period, min(a.Burst, b.Burst)}}, 300, func(now int64) {
			a, b = b, a
			m.Update(now, a)
		})
		l.Check(t, most.Count, most.Period, most.Burst)
	}
}

func TestConcurrentUpdates(t *testing.T) {
	limits := [][]Spec{{{1, second, 100}}, {{3, second, 10}}, {{1, second, 50}, {10, second, 20}}}
	m := NewMeter(limits[0]...)
	var granted atomic.Int64
	var callers sync.WaitGroup
	for i := range 16 {
		callers.Go(func() {
			for j := range 500 {
				if i == 0 && j%10 == 0 {
					m.Update(0, limits[j/10%len(limits)]...)
				}
				if m.Take(0, 1) == 0 {
					granted.Add(1)
				}
				m.Status(0)
			}
		})
	}
	callers.Wait()
	if got := granted.Load(); got > 100 {
		t.Errorf("%d calls were granted at one time, the largest burst is 100", got)
	}
}

func TestConcurrentTakes(t *testing.T) {
	for name, specs := range map[string][]Spec{
		"one limit":  {{10, second, 300}},
		"two limits": {{10, second, 300}, {1, second, 1000}},
	} {
		m := NewMeter(specs...)
		var granted atomic.Int64
		var callers sync.WaitGroup
		for range 16 {
			callers.Go(func() {
				for range 100 {
					if m.Take(0, 1) == 0 {
						granted.Add(1)
					}
				}
			})
		}
		callers.Wait()
		if got := granted.Load(); got != 300 {
			t.Errorf("%s: %d of 1600 concurrent calls were granted, want 300", name, got)
		}
	}
}

// A call that comes while limits are replaced must not take the old buckets,
// which are sealed, for buckets in debt.
func TestUpdateRefusesNobody(t *testing.T) {
	limits := func(i int) []Spec { return []Spec{{1, 1, 99}, {1, 1, 99}, {1, 1, 99}, {1, 1, 99 + int64(i%2)}} }
	m := NewMeter(limits(0)...)
	var update sync.WaitGroup
	var updated atomic.Bool
	update.Go(func() {
		for i := range 150_000 {
			m.Update(0, limits(i)...)
		}
		updated.Store(true)
	})
	for now := int64(0); !updated.Load(); now++ { // a token each time, and one is taken
		if ready := m.Take(now, 1); ready > now {
			t.Fatalf("a token that is there is due at %d, %d from now", ready, ready-now)
		}
		if ready := m.Take(now, 0); ready > now {
			t.Fatalf("the next token is due at %d, %d from now", ready, ready-now)
		}
		if list, _ := m.Status(now); list[2].Remaining == 0 {
			t.Fatalf("status %+v, want tokens left", list[2])
		}
	}
	update.Wait()
}
