package gcra

import (
	"math/big"

	"github.com/backstay-go/backstay/internal/script"
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

// anySpec chooses a limit: round rates, rates that no nanosecond divides, very
// fast and very slow ones.
func anySpec(s script.Script) Spec {
	counts := []int64{1, 3, 7, 10, 31, 60, 100, 333, 99_999, 100_000, 999_999_937}
	periods := []int64{second, 60 * second, 86_400 * second, 1001, 999_999_937}
	bursts := []int64{1, 2, 3, 10, 1000}
	spec := Spec{
		Count:  counts[s.Choose(int64(len(counts)))],
		Period: periods[s.Choose(int64(len(periods)))],
		Burst:  bursts[s.Choose(int64(len(bursts)))],
	}
	spec.Count = min(spec.Count, spec.Period)
	return spec
}

// anySpecs chooses one limit, or several.
func anySpecs(s script.Script) []Spec {
	specs := []Spec{anySpec(s)}
	for len(specs) < MaxLimits && s.Choose(2) == 0 {
		specs = append(specs, anySpec(s))
	}
	return specs
}

// step chooses how much time passes: often none, at times about a token's worth,
// now and then a whole bucket's.
func step(s script.Script, spec Spec) int64 {
	token := ceilDiv(spec.Period, spec.Count)
	switch s.Choose(4) {
	case 0:
		return 0
	case 1:
		return s.Choose(token + 2)
	case 2:
		return token
	default:
		return s.Choose(2*token*min(spec.Burst, 4) + 1)
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
