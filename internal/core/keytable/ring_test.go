package keytable

import (
	"testing"

	"github.com/backstay-go/backstay/internal/core/gcra"
	"github.com/backstay-go/backstay/internal/ledger"
	"github.com/backstay-go/backstay/internal/script"
)

func TestWords(t *testing.T) {
	for _, now := range []int64{0, 1, quarter, 4*quarter - 1, 4 * quarter, 1 << 60} {
		for _, ahead := range []int64{0, 1, quarter, 2*quarter - 1, -1, -quarter, -2 * quarter} {
			word := pack(77, now+ahead)
			if got := unpack(word, now); got != now+ahead {
				t.Errorf("a tat %d ahead of %d reads back as %d, want %d", ahead, now, got, now+ahead)
			}
			if got := word >> tatBits; got != 77 {
				t.Errorf("a tat %d ahead of %d: fingerprint %d, want 77", ahead, now, got)
			}
		}
	}
}

func TestFingerprintsAreNeitherFreeNorMoved(t *testing.T) {
	for _, hash := range []uint64{0, 1, 1<<20 - 1, 1 << 20, 1<<64 - 1} {
		if got := fingerprint(hash); got == 0 || got == moved>>tatBits {
			t.Errorf("fingerprint(%x) = %x, which stands for no key", hash, got)
		}
	}
}

func TestTicks(t *testing.T) {
	tests := map[string]struct {
		spec     gcra.Spec
		patience int64
		want     int64 // nanoseconds, rounded up
	}{
		"100 a second":                  {gcra.Spec{Count: 100, Period: second, Burst: 200}, 0, 1},
		"3 a second":                    {gcra.Spec{Count: 3, Period: second, Burst: 1}, 0, 1},
		"1000 an hour":                  {gcra.Spec{Count: 1000, Period: hour, Burst: 1000}, 0, 1},
		"1000 an hour, waiting as long": {gcra.Spec{Count: 1000, Period: hour, Burst: 1000}, hour, 10},
		"1 a day":                       {gcra.Spec{Count: 1, Period: day, Burst: 1}, 0, 100},
		"100000 a day":                  {gcra.Spec{Count: 100_000, Period: day, Burst: 100_000}, 0, 100},
		"1 a month":                     {gcra.Spec{Count: 1, Period: 30 * day, Burst: 1}, 0, 1000},
		"a huge burst":                  {gcra.Spec{Count: 1, Period: 1000, Burst: gcra.MaxBurst}, 0, 1000},
		"fast, and very patient":        {gcra.Spec{Count: second, Period: second, Burst: 1}, 1 << 60, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			limit := limitFor(test.spec, test.patience, test.patience)
			if got := limit.Nanos(1); got != test.want {
				t.Errorf("a tick is %d ns, want %d", got, test.want)
			}
			if limit.Burst() > horizon {
				t.Errorf("a full bucket is %d ticks, want %d at most", limit.Burst(), int64(horizon))
			}
			// Whatever the tick, a burst is a burst, and waiting as long as told is
			// enough and no nanosecond too long.
			table := New(1, test.patience, test.spec)
			if ready := table.Take(1, 0, test.spec.Burst); ready != 0 {
				t.Fatalf("the burst is ready at %d, want at once", ready)
			}
			ready := table.Take(1, 0, 1)
			if early := table.Take(1, ready-1, 1); early != ready {
				t.Errorf("a nanosecond before %d: ready at %d", ready, early)
			}
			if got := table.Take(1, ready, 1); got != ready {
				t.Errorf("at %d: ready at %d, want now", ready, got)
			}
		})
	}
}

// A slow rate is as exact as its tick, over many bursts.
func TestSlowRate(t *testing.T) {
	spec := gcra.Spec{Count: 1, Period: day, Burst: 1}
	table := New(1, 0, spec)
	granted := 0
	for now := int64(0); now <= 10*day; now += 60 * second {
		if table.Take(1, now, 1) == now {
			granted++
		}
	}
	if granted != 11 {
		t.Errorf("one a day grants %d calls in 10 days, want 11", granted)
	}
}

// No word is mistaken for another time's, however long the table or a part of it
// stands idle.
func TestTimeGoesRoundTheRing(t *testing.T) {
	spec := gcra.Spec{Count: 10, Period: second, Burst: 3}
	for seed := range uint64(100) {
		s := script.Random(seed, 3)
		table := New(1000, 0, spec)
		const keys = 30
		ledgers := make([]ledger.Ledger, keys)
		now := int64(0)
		for range 400 {
			switch s.Choose(10) {
			case 0:
				now += s.Choose(9 * quarter)
			case 1:
				now += (1 + s.Choose(8)) * (quarter / 2)
			default:
				now += s.Choose(second)
			}
			key := s.Choose(keys)
			h := hash(uint64(key))
			ready := table.Take(h, now, 1)
			if ready <= now {
				ledgers[key].Use(now, 1)
			} else if ready > now+second/10 {
				t.Fatalf("key %d at %d: ready at %d, later than a token takes", key, now, ready)
			}
		}
		for key := range ledgers {
			ledgers[key].Check(t, spec.Count, spec.Period, spec.Burst)
		}
		for key := range keys {
			if ready := table.Take(hash(uint64(key)), now+second, 3); ready != now+second {
				t.Fatalf("a second later a burst of key %d is ready at %d, want at once", key, ready)
			}
		}
	}
}

func TestSweepKeepsWhatIsBusy(t *testing.T) {
	table := New(1, 0, gcra.Spec{Count: 1, Period: second, Burst: 2})
	const before = quarter - second
	table.Take(table.in(0, 1), before, 2)    // full again a second into the next quarter
	table.Take(table.in(0, 2), before-10, 1) // full again before
	table.Take(table.in(9, 3), quarter, 1)   // the first who comes sweeps
	first := &table.current.Load().first
	if got := first.lines[0][0].Load(); got>>tatBits != 1 {
		t.Errorf("the word of a busy key holds %x after a sweep", got)
	}
	if got := first.lines[0][1].Load(); got != 0 {
		t.Errorf("the word of a full bucket holds %x after a sweep, want 0", got)
	}
	// Key 2 was full by the quarter. A reading from before must not find it so.
	table.Take(table.in(0, 2), quarter-second, 1)
	if list, _ := table.Status(table.in(0, 2), quarter); list[0].Reset != second {
		t.Errorf("a late call of a forgotten key leaves it full in %d, want %d", list[0].Reset, second)
	}
}

func TestReadingOfAnEarlierQuarter(t *testing.T) {
	table := New(1, 0, gcra.Spec{Count: 1, Period: second, Burst: 1})
	const now = 6 * quarter
	table.Take(1, now, 1)
	for _, late := range []int64{now - 1, now - quarter, now - 3*quarter, 0} {
		if ready := table.Take(1, late, 1); ready != now+second {
			t.Errorf("a reading that is %d ticks late: ready at %d, want %d", now-late, ready, now+second)
		}
	}
}
