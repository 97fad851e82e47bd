package gcra

import (
	"cmp"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
)

const second = 1_000_000_000

// slow is a meter in rational numbers, without rounding and without reservations
// that are given up.
type slow struct {
	specs []Spec
	tats  []*big.Rat // in nanoseconds
}

func newSlow(specs []Spec) *slow {
	s := &slow{specs: specs}
	for range specs {
		s.tats = append(s.tats, new(big.Rat))
	}
	return s
}

func rat(n int64) *big.Rat { return new(big.Rat).SetInt64(n) }

// worth returns the nanoseconds that n tokens of s take.
func worth(s Spec, n int64) *big.Rat {
	r := new(big.Rat).SetFrac64(s.Period, s.Count)
	return r.Mul(r, rat(n))
}

// ready returns the first whole nanosecond, from now on, at which every limit
// allows n tokens.
func (s *slow) ready(now, n int64) int64 {
	at := now
	for i, spec := range s.specs {
		if n > spec.Burst {
			return Never
		}
		free := new(big.Rat).Sub(s.tats[i], worth(spec, spec.Burst-n))
		at = max(at, ceil(free))
	}
	return at
}

// charge takes n tokens at the time at, whatever the limits say.
func (s *slow) charge(at, n int64) {
	for i, spec := range s.specs {
		if s.tats[i].Cmp(rat(at)) < 0 {
			s.tats[i] = rat(at)
		}
		s.tats[i] = new(big.Rat).Add(s.tats[i], worth(spec, n))
	}
}

func (s *slow) refund(now, n int64) {
	for i, spec := range s.specs {
		tat := new(big.Rat).Sub(s.tats[i], worth(spec, n))
		if tat.Cmp(rat(now)) < 0 {
			tat = rat(now)
		}
		if tat.Cmp(s.tats[i]) < 0 {
			s.tats[i] = tat
		}
	}
}

// available returns the whole tokens that every limit allows.
func (s *slow) available(now int64) int64 {
	least := int64(Never)
	for i, spec := range s.specs {
		debt := new(big.Rat).Sub(s.tats[i], rat(now))
		if debt.Sign() < 0 {
			debt.SetInt64(0)
		}
		left := new(big.Rat).Sub(worth(spec, spec.Burst), debt)
		left.Quo(left, worth(spec, 1))
		whole := new(big.Int).Div(left.Num(), left.Denom()).Int64() // rounds down
		least = min(least, max(whole, 0))
	}
	return least
}

func ceil(r *big.Rat) int64 {
	q, m := new(big.Int).DivMod(r.Num(), r.Denom(), new(big.Int))
	if m.Sign() > 0 {
		q.Add(q, big.NewInt(1))
	}
	return q.Int64()
}

// ledger records when tokens were used and given back, and tells whether a
// bucket of a limit could have supplied them.
type ledger struct {
	entries []*entry
}

type entry struct {
	at, n int64 // n is negative for what was given back
}

func (l *ledger) use(at, n int64) *entry {
	e := &entry{at, n}
	l.entries = append(l.entries, e)
	return e
}

// check fails the test at the first use that a bucket of s, full at the start,
// could not supply. Entries of one time count in the order in which they were
// made.
func (l *ledger) check(t *testing.T, s Spec) {
	t.Helper()
	slices.SortStableFunc(l.entries, func(a, b *entry) int { return cmp.Compare(a.at, b.at) })
	// The level counts in parts of a token, of which Count are refilled each
	// nanosecond.
	full := new(big.Int).Mul(big.NewInt(s.Burst), big.NewInt(s.Period))
	level, now := new(big.Int).Set(full), int64(0)
	for i, e := range l.entries {
		level.Add(level, new(big.Int).Mul(big.NewInt(e.at-now), big.NewInt(s.Count)))
		if level.Cmp(full) > 0 {
			level.Set(full)
		}
		now = e.at
		level.Sub(level, new(big.Int).Mul(big.NewInt(e.n), big.NewInt(s.Period)))
		if level.Sign() < 0 {
			t.Fatalf("%+v: use %d, of %d tokens at %d ns, exceeds the limit by %v of %d parts of a token",
				s, i, e.n, e.at, new(big.Int).Neg(level), s.Period)
		}
		if level.Cmp(full) > 0 {
			level.Set(full)
		}
	}
}

// A script is a source of choices: random, or the input of a fuzzer.
type script interface {
	// choose returns a number below n.
	choose(n int64) int64
}

type randomly struct{ *rand.Rand }

func (r randomly) choose(n int64) int64 { return r.Int64N(n) }

// written chooses as its bytes say, and zeros when they have run out.
type written struct{ bytes []byte }

func (w *written) choose(n int64) int64 {
	var v uint64
	for range min(2, len(w.bytes)) {
		v, w.bytes = v<<8|uint64(w.bytes[0]), w.bytes[1:]
	}
	return int64(v % uint64(n))
}

// anySpec chooses a limit: round rates, rates that no nanosecond divides, very
// fast and very slow ones.
func anySpec(s script) Spec {
	counts := []int64{1, 3, 7, 10, 100, 333, 99_999, 100_000, 999_999_937}
	periods := []int64{second, 60 * second, 86_400 * second, 1001, 999_999_937}
	bursts := []int64{1, 2, 3, 10, 1000}
	spec := Spec{
		Count:  counts[s.choose(int64(len(counts)))],
		Period: periods[s.choose(int64(len(periods)))],
		Burst:  bursts[s.choose(int64(len(bursts)))],
	}
	spec.Count = min(spec.Count, spec.Period)
	return spec
}

// anySpecs chooses one limit, or several.
func anySpecs(s script) []Spec {
	specs := []Spec{anySpec(s)}
	for len(specs) < MaxLimits && s.choose(2) == 0 {
		specs = append(specs, anySpec(s))
	}
	return specs
}

// step chooses how much time passes: often none, at times about a token's worth,
// now and then a whole bucket's.
func step(s script, spec Spec) int64 {
	token := ceilDiv(spec.Period, spec.Count)
	switch s.choose(4) {
	case 0:
		return 0
	case 1:
		return s.choose(token + 2)
	case 2:
		return token
	default:
		return s.choose(2*token*min(spec.Burst, 4) + 1)
	}
}

// smallest is the least burst of specs.
func smallest(specs []Spec) int64 {
	burst := specs[0].Burst
	for _, s := range specs {
		burst = min(burst, s.Burst)
	}
	return burst
}
