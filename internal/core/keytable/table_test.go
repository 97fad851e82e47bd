package keytable

import (
	"math/bits"
	"testing"
	"unsafe"

	"github.com/backstay-go/backstay/internal/core/gcra"
	"github.com/backstay-go/backstay/internal/ledger"
	"github.com/backstay-go/backstay/internal/script"
)

const (
	second = 1_000_000_000
	hour   = 3600 * second
	day    = 24 * hour
)

// hash mixes a number as a good hash function does (SplitMix64).
func hash(key uint64) uint64 {
	key += 0x9e3779b97f4a7c15
	key = (key ^ key>>30) * 0xbf58476d1ce4e5b9
	key = (key ^ key>>27) * 0x94d049bb133111eb
	return key ^ key>>31
}

// in returns the hash of a key in the given line with the given fingerprint.
func (t *Table) in(line int, fingerprint uint64) uint64 {
	least, _ := bits.Div64(uint64(line), 1<<63, uint64(t.lines))
	return least&^(1<<(64-tatBits)-1) | fingerprint
}

func TestKeysDoNotShareBuckets(t *testing.T) {
	table := New(1000, 0, gcra.Spec{Count: 10, Period: second, Burst: 5})
	for key := range uint64(100) {
		for i := range 5 {
			if ready := table.Take(hash(key), 0, 1); ready != 0 {
				t.Fatalf("key %d, Take %d of a burst of 5: ready at %d, want at once", key, i+1, ready)
			}
		}
		if ready := table.Take(hash(key), 0, 1); ready != second/10 {
			t.Fatalf("key %d, Take after the burst: ready at %d, want %d", key, ready, second/10)
		}
	}
}

func TestTakeMoreThanBurst(t *testing.T) {
	table := New(10, 0, gcra.Spec{Count: 10, Period: second, Burst: 5}, gcra.Spec{Count: 1, Period: second, Burst: 9})
	if ready := table.Take(1, 0, 6); ready != gcra.Never {
		t.Errorf("Take(6) of a burst of 5: ready at %d, want never", ready)
	}
	if ready := table.Take(1, 0, 5); ready != 0 {
		t.Errorf("Take(5) of a burst of 5: ready at %d, want at once", ready)
	}
}

func TestPeekTakesNothing(t *testing.T) {
	table := New(10, 0, gcra.Spec{Count: 1, Period: second, Burst: 1})
	for range 3 {
		if ready := table.Take(1, 5, 0); ready != 5 {
			t.Errorf("peek at a full bucket: ready at %d, want now", ready)
		}
	}
	table.Take(1, 5, 1)
	if ready := table.Take(1, 5, 0); ready != second+5 {
		t.Errorf("peek at an empty bucket: ready at %d, want %d", ready, second+5)
	}
}

func TestSeveralLimitsChargeAllOrNone(t *testing.T) {
	table := New(10, 0, gcra.Spec{Count: 10, Period: second, Burst: 10}, gcra.Spec{Count: 5, Period: hour, Burst: 5})
	for range 20 {
		table.Take(1, 0, 1)
	}
	list, limits := table.Status(1, 0)
	if limits != 2 || list[0].Remaining != 5 || list[1].Remaining != 0 {
		t.Errorf("%d limits with %d and %d tokens, want 2 with 5 and 0", limits, list[0].Remaining, list[1].Remaining)
	}
	if list, _ := table.Status(2, 0); list[0].Remaining != 10 || list[1].Remaining != 5 {
		t.Errorf("a new key has %d and %d tokens, want 10 and 5", list[0].Remaining, list[1].Remaining)
	}
}

// A table decides for each key as a meter of its own would, to the nanosecond
// where a tick is one.
func agree(t *testing.T, s script.Script, steps int) {
	rates := []gcra.Spec{
		{Count: 10, Period: second, Burst: 3}, {Count: 3, Period: second, Burst: 1},
		{Count: 100, Period: 60 * second, Burst: 100}, {Count: 99_999, Period: second, Burst: 7},
	}
	specs := []gcra.Spec{rates[s.Choose(4)]}
	if s.Choose(3) == 0 {
		specs = append(specs, rates[s.Choose(4)])
	}
	const keys, patience = 20, 2 * second
	table := New(100, patience, specs...)
	var meters [keys]*gcra.Meter
	for i := range meters {
		meters[i] = gcra.NewMeter(specs...)
	}
	now := int64(0)
	for range steps {
		now += s.Choose(2) * s.Choose(2*specs[0].Period/specs[0].Count)
		key := s.Choose(keys)
		n := 1 + s.Choose(2)*s.Choose(3)
		meter, h := meters[key], hash(uint64(key))
		var got, want int64
		switch s.Choose(6) {
		case 0:
			r, _ := table.Reserve(h, now, n, patience)
			m, _ := meter.Reserve(now, n, patience)
			got, want = r.At, m.At
		case 1:
			r, taken := table.Reserve(h, now, n, patience)
			m, _ := meter.Reserve(now, n, patience)
			got, want = r.At, m.At
			if taken {
				table.Cancel(now, r)
				meter.Cancel(now, m)
			}
		case 2:
			a, _ := table.Status(h, now)
			b, _ := meter.Status(now)
			if a != b {
				t.Fatalf("%+v: Status of key %d = %+v, want %+v", specs, key, a, b)
			}
		default:
			got, want = table.Take(h, now, n), meter.Take(now, n)
		}
		if got != want {
			t.Fatalf("%+v: %d tokens of key %d at %d: ready at %d, want %d", specs, n, key, now, got, want)
		}
	}
}

func TestAgreesWithMeters(t *testing.T) {
	for seed := range uint64(150) {
		agree(t, script.Random(seed, 1), 500)
	}
}

func FuzzAgreesWithMeters(f *testing.F) {
	f.Add([]byte("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09"))
	f.Add([]byte("keys, and time that passes between them"))
	f.Fuzz(func(t *testing.T, bytes []byte) {
		agree(t, script.Written(bytes), min(len(bytes), 500))
	})
}

// Under any limit, with a table so small that keys crowd, no key is granted more
// than its due.
func TestCrowdedKeysGetNoMore(t *testing.T) {
	specs := []gcra.Spec{
		{Count: 10, Period: second, Burst: 3}, {Count: 1, Period: day, Burst: 2},
		{Count: 3, Period: 30 * day, Burst: 2}, {Count: 1_000_000, Period: second, Burst: 50},
		{Count: 999_999_937, Period: second, Burst: 1000},
	}
	for seed := range uint64(25) {
		s := script.Random(seed, 2)
		spec := specs[s.Choose(int64(len(specs)))]
		table := New(1, 0, spec)
		const keys = 1500
		ledgers := make([]ledger.Ledger, keys)
		now := int64(0)
		for range 6000 {
			now += s.Choose(spec.Period/spec.Count/200 + 2)
			key := s.Choose(keys)
			if s.Choose(2) == 0 {
				key %= 20
			}
			if table.Take(hash(uint64(key)), now, 1) <= now {
				ledgers[key].Use(now, 1)
			}
		}
		for key := range ledgers {
			ledgers[key].Check(t, spec.Count, spec.Period, spec.Burst)
		}
	}
}

func TestReserveWithinThePatienceOfTheTable(t *testing.T) {
	table := New(1, second, gcra.Spec{Count: 1, Period: second, Burst: 1})
	for i, want := range []bool{true, true, false} {
		if r, taken := table.Reserve(1, 0, 1, hour); taken != want || r.At != int64(i)*second {
			t.Errorf("Reserve %d: at %d, %v; want %d, %v", i+1, r.At, taken, int64(i)*second, want)
		}
	}
}

func TestCancel(t *testing.T) {
	table := New(1, hour, gcra.Spec{Count: 1, Period: second, Burst: 2})
	for i := range uint64(9) { // the last key shares the overflow
		key := table.in(3, i+1)
		for range 3 {
			full, _ := table.Reserve(key, 0, 2, 0)
			table.Cancel(0, full)
		}
		table.Take(key, 0, 2)
		first, _ := table.Reserve(key, 0, 1, hour)
		last, _ := table.Reserve(key, 0, 1, hour)
		table.Cancel(0, last)
		if r, _ := table.Reserve(key, 0, 1, hour); r.At != last.At {
			t.Errorf("key %d: Reserve after the last was cancelled: at %d, want %d", i, r.At, last.At)
		}
		table.Cancel(0, first) // others stand behind it
		if ready := table.Take(key, 0, 1); ready != 3*second {
			t.Errorf("key %d: ready at %d after an earlier one was cancelled, want %d", i, ready, 3*second)
		}
	}
}

func TestMemoryIsFixed(t *testing.T) {
	for _, keys := range []int{1000, 65536, 1_000_000} {
		table := New(keys, 0, gcra.Spec{Count: 1, Period: second, Burst: 1})
		before := table.Stats(0).Bytes
		if perKey := float64(before) / float64(keys); perKey > 20 {
			t.Errorf("%d keys: %.1f bytes each, want 20 at most", keys, perKey)
		}
		if got := testing.AllocsPerRun(1, func() {
			for key := range uint64(20_000) {
				table.Take(hash(key), int64(key), 1)
			}
		}); got != 0 {
			t.Errorf("%d keys: 20000 new ones make %v allocations, want 0", keys, got)
		}
	}
}

func TestLayout(t *testing.T) {
	if got := unsafe.Sizeof(line{}); got != 64 {
		t.Errorf("a line has %d bytes, want 64, a cache line", got)
	}
	if got := unsafe.Sizeof(stripe{}); got != 64 {
		t.Errorf("a stripe has %d bytes, want 64, a cache line", got)
	}
	table := New(1, 0, gcra.Spec{Count: 1, Period: second, Burst: 1})
	if rest := uintptr(unsafe.Pointer(&table.current.Load().first.lines[0])) % 64; rest != 0 {
		t.Errorf("the first line begins %d bytes into a cache line, want 0", rest)
	}
}

func TestAllocs(t *testing.T) {
	one := New(10, 0, gcra.Spec{Count: 1, Period: second, Burst: 1})
	two := New(10, 0, gcra.Spec{Count: 1, Period: second, Burst: 1}, gcra.Spec{Count: 1, Period: hour, Burst: 9})
	for name, op := range map[string]func(){
		"grant and refuse":           func() { one.Take(1, 0, 1) },
		"grant and refuse, 2 limits": func() { two.Take(1, 0, 1) },
		"reserve":                    func() { r, _ := one.Reserve(1, 0, 1, second); one.Cancel(0, r) },
		"status":                     func() { two.Status(1, 0) },
		"stats":                      func() { two.Stats(0) },
	} {
		if got := testing.AllocsPerRun(100, op); got != 0 {
			t.Errorf("%s makes %v allocations, want 0", name, got)
		}
	}
}
