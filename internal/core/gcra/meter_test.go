package gcra

import (
	"testing"

	"github.com/backstay-go/backstay/internal/ledger"
	"github.com/backstay-go/backstay/internal/script"
)

func TestBurstThenRate(t *testing.T) {
	tests := map[string]struct {
		spec  Spec
		token int64 // nanoseconds until the next call, rounded up
	}{
		"ten a second":               {Spec{10, second, 5}, second / 10},
		"three a second, one by one": {Spec{3, second, 1}, 333_333_334},
		"three a second":             {Spec{3, second, 2}, 333_333_334},
		"seven a second":             {Spec{7, second, 20}, 142_857_143},
		"one a day":                  {Spec{1, 86_400 * second, 1}, 86_400 * second},
		"one a nanosecond":           {Spec{second, second, 4}, 1},
		"nearly one a nanosecond":    {Spec{999_999_999, second, 4}, 2},
		"a thousand, all at once":    {Spec{1, second, 1000}, second},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			m := NewMeter(test.spec)
			for i := range test.spec.Burst {
				if ready := m.Take(0, 1); ready != 0 {
					t.Fatalf("Take %d of a burst of %d: ready at %d, want at once", i+1, test.spec.Burst, ready)
				}
			}
			if ready := m.Take(0, 1); ready != test.token {
				t.Errorf("Take after the burst: ready at %d, want %d", ready, test.token)
			}
			if ready := m.Take(test.token-1, 1); ready != test.token {
				t.Errorf("Take a nanosecond too soon: ready at %d, want %d", ready, test.token)
			}
			if ready := m.Take(test.token, 1); ready != test.token {
				t.Errorf("Take when due: ready at %d, want at once", ready)
			}
		})
	}
}

// A rate that no nanosecond divides is as exact in the long run as any other.
func TestRateIsExactInTheLongRun(t *testing.T) {
	const day = 86_400 * second
	tests := []struct {
		spec       Spec
		span, poll int64
	}{
		{Spec{3, second, 5}, 600 * second, second / 10},
		{Spec{7, second, 2}, 600 * second, second / 10},
		{Spec{333, second, 5}, 600 * second, second / 100},
		{Spec{99_999, second, 2000}, 600 * second, second / 100},
		{Spec{100_000, second, 2000}, 600 * second, second / 100},
		{Spec{1, day, 1}, 10 * day, second * 60},
		{Spec{1000, day, 10}, 10 * day, second * 60},
	}
	for _, test := range tests {
		m, granted := NewMeter(test.spec), int64(0)
		for now := int64(0); now <= test.span; now += test.poll {
			granted += m.TakeUpTo(now, Never)
		}
		if want := test.span/test.spec.Period*test.spec.Count + test.spec.Burst; granted != want {
			t.Errorf("%+v granted %d tokens in %d s, want %d", test.spec, granted, test.span/second, want)
		}
	}
}

func TestTakeMoreThanBurst(t *testing.T) {
	for _, specs := range [][]Spec{{{10, second, 5}}, {{10, second, 50}, {1, second, 5}}} {
		m := NewMeter(specs...)
		for _, n := range []int64{6, 1 << 40, Never} {
			if ready := m.Take(0, n); ready != Never {
				t.Errorf("Take(%d) of a burst of 5: ready at %d, want never", n, ready)
			}
			if r, taken := m.Reserve(0, n, Never); taken || r.At != Never {
				t.Errorf("Reserve(%d) of a burst of 5 = %d, %v; want never", n, r.At, taken)
			}
		}
		if ready := m.Take(0, 5); ready != 0 {
			t.Errorf("Take(5) of a burst of 5: ready at %d, want at once", ready)
		}
	}
}

func TestTakeNoneIsAPeek(t *testing.T) {
	m := NewMeter(Spec{1, second, 1}, Spec{10, second, 10})
	for range 3 {
		if ready := m.Take(7, 0); ready != 7 {
			t.Fatalf("peek at a full bucket: ready at %d, want now", ready)
		}
	}
	m.Take(7, 1)
	for range 3 {
		if ready := m.Take(8, 0); ready != second+7 {
			t.Fatalf("peek at an empty bucket: ready at %d, want %d", ready, second+7)
		}
	}
}

func TestRefusalChargesNoLimit(t *testing.T) {
	m := NewMeter(Spec{10, second, 10}, Spec{1000, 3600 * second, 3})
	m.Take(0, 3)
	for range 100 {
		if ready := m.Take(0, 1); ready == 0 {
			t.Fatal("Take beyond the hourly limit succeeded")
		}
	}
	list, limits := m.Status(0)
	if limits != 2 || list[0].Remaining != 7 || list[1].Remaining != 0 {
		t.Errorf("after 3 grants and 100 refusals %d and %d of 10 and 3 remain, want 7 and 0", list[0].Remaining, list[1].Remaining)
	}
}

func TestTakeUpTo(t *testing.T) {
	m := NewMeter(Spec{10, second, 10}, Spec{1, second, 4})
	for _, test := range []struct{ n, want int64 }{{0, 0}, {3, 3}, {3, 1}, {3, 0}} {
		if got := m.TakeUpTo(0, test.n); got != test.want {
			t.Errorf("TakeUpTo(%d) = %d, want %d", test.n, got, test.want)
		}
	}
	if list, _ := m.Status(0); list[0].Remaining != 6 {
		t.Errorf("%d of 10 remain, want 6", list[0].Remaining)
	}
}

func TestRefund(t *testing.T) {
	m := NewMeter(Spec{1, second, 10})
	m.Take(0, 8)
	m.Refund(0, 3)
	if got := m.TakeUpTo(0, 10); got != 5 {
		t.Errorf("TakeUpTo after 8 taken and 3 given back = %d, want 5", got)
	}
	m.Refund(0, Never)
	if got := m.TakeUpTo(0, 100); got != 10 {
		t.Errorf("TakeUpTo after more was given back than taken = %d, want the burst", got)
	}
}

func TestStatus(t *testing.T) {
	m := NewMeter(Spec{100, 60 * second, 100})
	m.Take(second, 70)
	list, _ := m.Status(second)
	if want := (Status{Burst: 100, Window: 60 * second, Remaining: 30, Reset: 42 * second}); list[0] != want {
		t.Errorf("Status = %+v, want %+v", list[0], want)
	}
	m.Take(second, 30)
	list, _ = m.Status(second)
	if want := (Status{Burst: 100, Window: 60 * second, Reset: 60 * second, Retry: 600_000_000}); list[0] != want {
		t.Errorf("Status when empty = %+v, want %+v", list[0], want)
	}
}

func TestLateReadingMintsNothing(t *testing.T) {
	m := NewMeter(Spec{10, second, 1})
	const now = 10 * second
	m.Take(now, 1)
	for _, late := range []int64{now - 5_000_000, now - 3600*second, -1} {
		if ready := m.Take(late, 1); ready != now+second/10 {
			t.Errorf("Take at the late reading %d: ready at %d, want %d", late, ready, now+second/10)
		}
	}
	if ready := m.Take(now+second/10-1, 1); ready != now+second/10 {
		t.Errorf("a late reading moved the next grant to %d", ready)
	}
	if ready := m.Take(now+second/10, 1); ready != now+second/10 {
		t.Errorf("after late readings the next grant is at %d, want on time", ready)
	}
}

// Whatever the order in which readings arrive, the grants conform for the times
// that were read.
func TestReadingsInAnyOrder(t *testing.T) {
	for seed := range uint64(200) {
		random := script.Random(seed, 1)
		spec := anySpec(random)
		m, l := NewMeter(spec), ledger.Ledger{}
		span := 10 * ceilDiv(spec.Period, spec.Count)
		for range 500 {
			now := random.Choose(span + 1)
			if m.Take(now, 1) <= now {
				l.Use(now, 1)
			}
		}
		l.Check(t, spec.Count, spec.Period, spec.Burst)
	}
}

// drive compares a meter with the rational reference, step by step. Where readings
// are rounded the meter may be later by as much, and never earlier.
func drive(t *testing.T, s script.Script, steps int) {
	specs := anySpecs(s)
	m, ref := NewMeter(specs...), newSlow(specs)
	var now, last int64
	for range steps {
		now += step(s, specs[0])
		n := s.Choose(smallest(specs)+1) + 1
		switch s.Choose(8) {
		case 0:
			if now < last {
				continue // a refund beside those who wait is for the ledger to judge
			}
			m.Refund(now, n)
			ref.refund(now, n)
		case 1:
			got, most := m.TakeUpTo(now, n), min(n, ref.available(now))
			if got > most || got < most-rounding(specs) {
				t.Fatalf("%+v: TakeUpTo(%d) at %d = %d, want %d", specs, n, now, got, most)
			}
			ref.charge(now, got)
		case 2:
			compare(t, specs, m.Take(now, 0), ref.ready(now, 1))
		case 3:
			r, taken := m.Reserve(now, n, s.Choose(specs[0].Period))
			compare(t, specs, r.At, ref.ready(now, n))
			if taken {
				ref.charge(r.At, n)
				last = r.At
			}
		default:
			n = min(n, 1+s.Choose(3))
			ready := m.Take(now, n)
			compare(t, specs, ready, ref.ready(now, n))
			if ready <= now {
				ref.charge(now, n)
			}
		}
	}
}

func compare(t *testing.T, specs []Spec, got, want int64) {
	t.Helper()
	if got < want || want != Never && got > want+rounding(specs) {
		t.Fatalf("%+v: ready at %d, want %d, or up to %d later", specs, got, want, rounding(specs))
	}
}

// rounding is how many nanoseconds late a meter may be, and how many tokens short.
func rounding(specs []Spec) int64 {
	for _, s := range specs {
		if _, ok := Exact(s); !ok {
			return 1
		}
	}
	return 0
}

func TestAgainstReference(t *testing.T) {
	for seed := range uint64(150) {
		drive(t, script.Random(seed, 2), 300)
	}
}

func FuzzAgainstReference(f *testing.F) {
	f.Add([]byte("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09"))
	f.Add([]byte("tokens, and time that passes between them"))
	f.Fuzz(func(t *testing.T, bytes []byte) {
		drive(t, script.Written(bytes), min(len(bytes), 200))
	})
}

func TestAllocs(t *testing.T) {
	one, two := NewMeter(Spec{1, second, 1}), NewMeter(Spec{1, second, 1}, Spec{10, second, 10})
	for name, op := range map[string]func(){
		"grant":            func() { one.Take(0, 1); one.Refund(0, 1) },
		"refuse":           func() { one.Take(0, 1) },
		"grant, 2 limits":  func() { two.Take(0, 1); two.Refund(0, 1) },
		"refuse, 2 limits": func() { two.Take(0, 1) },
		"reserve":          func() { r, _ := one.Reserve(0, 1, second); one.Cancel(0, r) },
		"status":           func() { two.Status(0) },
	} {
		if got := testing.AllocsPerRun(100, op); got != 0 {
			t.Errorf("%s makes %v allocations, want 0", name, got)
		}
	}
}
