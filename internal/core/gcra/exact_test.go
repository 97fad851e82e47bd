package gcra

import "testing"

const year = 365 * 86_400 * second

func TestExact(t *testing.T) {
	tests := map[string]struct {
		spec  Spec
		ticks uint64 // in a nanosecond, 0 if readings are rounded
	}{
		"100 a second":         {Spec{100, second, 10}, 1},
		"1000 an hour":         {Spec{1000, 3600 * second, 10}, 1},
		"3 a second":           {Spec{3, second, 10}, 3},
		"60 a second":          {Spec{60, second, 10}, 3},
		"11 a minute":          {Spec{11, 60 * second, 10}, 11},
		"the finest":           {Spec{32, 1001, 10}, 32},
		"too fine":             {Spec{33, 1009, 10}, 0},
		"333 a second":         {Spec{333, second, 10}, 0},
		"3 in years":           {Spec{3, 10*year + 1, 1}, 3},
		"3 in years, a bucket": {Spec{3, 10*year + 1, 9}, 0},
		"the largest burst":    {Spec{31, 1000, MaxBurst}, 31},
		"an overflow":          {Spec{31, 1 << 30, 1 << 33}, 0},
	}
	for name, test := range tests {
		l, ok := Exact(test.spec)
		if ok != (test.ticks > 0) || ok && (l.num != test.ticks || l.den != 1) {
			t.Errorf("%s: %d/%d ticks in a nanosecond, %v; want %d", name, l.num, l.den, ok, test.ticks)
		}
	}
}

// With exact ticks a burst is a burst at any reading, for years.
func TestBurstAtOddReadings(t *testing.T) {
	for _, spec := range []Spec{{3, second, 4}, {7, second, 4}, {31, second, 4}, {11, 60 * second, 4}} {
		for _, now := range []int64{1, 1_234_567, year + 1, 8*year + 1} {
			m := NewMeter(spec)
			for i := range spec.Burst {
				if ready := m.Take(now, 1); ready != now {
					t.Errorf("%+v: token %d is ready %d after %d, want at once", spec, i+1, ready-now, now)
				}
			}
			token := ceilDiv(spec.Period, spec.Count)
			if ready := m.Take(now+token-1, 1); ready != now+token {
				t.Errorf("%+v: the next token is ready %d after %d, want %d", spec, ready-now, now, token)
			}
		}
	}
}

// However far ahead tokens are reserved, no time is out of range.
func TestReservationsEndBeforeTicksDo(t *testing.T) {
	spec := Spec{31, 5*year + 1, 1}
	m := NewMeter(spec)
	last := int64(-1)
	for n := 0; ; n++ {
		r, taken := m.Reserve(0, 1, Never)
		if r.At <= last {
			t.Fatalf("reservation %d is for %d, after one for %d", n, r.At, last)
		}
		if last = r.At; !taken {
			break
		}
	}
	if last < 4*year || last > 8*year {
		t.Errorf("reservations end after %d years, want 4 to 8", last/year)
	}
}

func TestUpdateToTheFinestTicks(t *testing.T) {
	m := NewMeter(Spec{1, year, 1})
	for range 30 {
		m.Reserve(0, 1, Never)
	}
	m.Update(0, Spec{31, second, 1}) // whose ticks do not last for 29 years
	if ready := m.Take(0, 1); ready < 4*year {
		t.Errorf("behind 29 years of reservations the next token is ready at %d", ready)
	}
}
