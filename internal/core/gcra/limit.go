package gcra

import (
	"math"
	"math/bits"
)

// Never is the time at which a cost above the burst can be paid.
const Never = math.MaxInt64

// MaxBurst is the largest burst, in tokens.
const MaxBurst = 1 << 40

// maxSpan bounds the ticks a full bucket is worth, and the ticks that may be
// owed beyond it. It leaves room to add both to a reading of the clock.
const maxSpan = 1 << 60

// Spec is a limit as people write it: Count tokens each Period nanoseconds, and
// no more than Burst at once.
type Spec struct {
	Count, Period, Burst int64
}

// Valid reports whether s is within the range in which the arithmetic of this
// package is exact: no more than one token a nanosecond, and a bucket that
// fills in less than 36 years.
func (s Spec) Valid() bool {
	if s.Count < 1 || s.Period < s.Count || s.Burst < 1 || s.Burst > MaxBurst {
		return false
	}
	hi, lo := bits.Mul64(uint64(s.Burst), uint64(ceilDiv(s.Period, s.Count)))
	return hi == 0 && lo <= maxSpan
}

// Limit is a [Spec] in ticks. Its methods are pure: the state of a bucket, its
// tat, is an argument and a result.
type Limit struct {
	token    int64  // ticks a token is worth
	burst    int64  // ticks a full bucket is worth
	num, den uint64 // ticks in a nanosecond, as a fraction in lowest terms
}

// mostTicks is how many ticks [Exact] makes of a nanosecond at most. With as many
// an int64 lasts for 8 years.
const mostTicks = 32

// Exact returns s in ticks of which a nanosecond takes a whole number as well as a
// token, so that no reading is rounded, and whether there are such ticks of a
// useful size. The specification must be valid.
func Exact(s Spec) (l Limit, ok bool) {
	divisor := int64(gcd(uint64(s.Count), uint64(s.Period)))
	num, token := s.Count/divisor, s.Period/divisor
	hi, burst := bits.Mul64(uint64(s.Burst), uint64(token))
	if num > mostTicks || hi > 0 || burst > maxSpan {
		return Limit{}, false
	}
	return Limit{token: token, burst: int64(burst), num: uint64(num), den: 1}, true
}

// Rounded returns s in ticks of at most the given nanoseconds, to which readings
// are rounded. The specification must be valid.
func Rounded(s Spec, tick int64) Limit {
	token := ceilDiv(ceilDiv(s.Period, s.Count), tick)
	num, den := uint64(s.Count*token), uint64(s.Period)
	divisor := gcd(num, den)
	return Limit{token: token, burst: s.Burst * token, num: num / divisor, den: den / divisor}
}

// NewLimit returns s in exact ticks if it can, and else in rounded ones of up to
// a nanosecond. The specification must be valid.
func NewLimit(s Spec) Limit {
	if l, ok := Exact(s); ok {
		return l
	}
	return Rounded(s, 1)
}

// Moment is a reading of the clock in the ticks of a limit: rounded down, to
// decide by, and rounded up, to charge from.
type Moment struct {
	Floor, Ceil int64
}

// Moment converts a reading.
func (l *Limit) Moment(now int64) Moment {
	now = max(now, 0)
	if l.den == 1 {
		ticks := now * int64(l.num)
		return Moment{ticks, ticks}
	}
	hi, lo := bits.Mul64(uint64(now), l.num)
	floor, rest := bits.Div64(hi, lo, l.den) // a tick is at least half a nanosecond: no overflow
	if rest > 0 {
		return Moment{int64(floor), int64(floor) + 1}
	}
	return Moment{int64(floor), int64(floor)}
}

// last returns the last time for which tokens can be reserved: it leaves room for
// a burst behind it.
func (l *Limit) last() int64 { return mulDivUp(1<<62, int64(l.den), int64(l.num)) - 1 }

// Nanos returns the first reading of the clock that has come to the given
// number of ticks.
func (l *Limit) Nanos(ticks int64) int64 {
	if ticks <= 0 {
		return 0
	}
	if l.num == l.den {
		return ticks
	}
	return mulDivUp(ticks, int64(l.den), int64(l.num))
}

// Burst returns the ticks a full bucket is worth.
func (l *Limit) Burst() int64 { return l.burst }

// Cost returns the ticks that n tokens are worth, and whether a full bucket
// holds as many.
func (l *Limit) Cost(n int64) (cost int64, fits bool) {
	hi, lo := bits.Mul64(uint64(n), uint64(l.token))
	return int64(lo), hi == 0 && lo <= uint64(l.burst)
}

// Take returns the tat of a bucket from which cost is taken at m, and whether
// the limit allows that. The cost must fit the burst.
func (l *Limit) Take(tat int64, m Moment, cost int64) (next int64, allowed bool) {
	if tat <= m.Floor {
		return m.Ceil + cost, true // the bucket is full
	}
	return tat + cost, tat-m.Floor <= l.burst-cost
}

// Ready returns the first reading of the clock at which cost can be taken. The
// cost must fit the burst.
func (l *Limit) Ready(tat, cost int64) int64 { return l.Nanos(tat - (l.burst - cost)) }

// Available returns how many whole tokens a bucket holds at m.
func (l *Limit) Available(tat int64, m Moment) int64 {
	debt := max(tat-m.Floor, 0)
	return max(l.burst-debt, 0) / l.token
}

// Carry returns the tat under l of a bucket that had one under old, so that
// tokens spent stay spent. The debt is converted as it stands at the time at;
// what exceeds the burst of l is forgiven.
//
// Forgiven, in ticks of old, is what earlier changes forgave. It counts as spent
// again, so that a burst that is lowered and raised gives nothing away. The
// result forgivenNow, in ticks of l, is for the next change.
func (l *Limit) Carry(old *Limit, tat, at, forgiven int64) (next, forgivenNow int64) {
	debt := tat - old.Moment(at).Floor + forgiven
	spent := min(mulDivUp(max(debt, 0), l.token, old.token), maxSpan)
	if spent == 0 {
		return 0, 0 // full, whatever the time
	}
	at = min(at, l.last())
	carried := min(spent, l.burst)
	return l.Moment(at).Ceil + carried, spent - carried
}

// Status is where one limit stands.
type Status struct {
	Burst     int64 // tokens in a full bucket
	Window    int64 // nanoseconds in which an empty bucket fills
	Remaining int64 // whole tokens that can be taken now
	Reset     int64 // nanoseconds until the bucket is full
	Retry     int64 // nanoseconds until one token can be taken
}

// Status describes a bucket at the time now.
func (l *Limit) Status(tat, now int64) Status {
	m := l.Moment(now)
	return Status{
		Burst:     l.burst / l.token,
		Window:    l.Nanos(l.burst),
		Remaining: l.Available(tat, m),
		Reset:     max(l.Nanos(tat)-max(now, 0), 0),
		Retry:     max(l.Ready(tat, l.token)-max(now, 0), 0),
	}
}

// mulDivUp returns a*b/c rounded up, or Never where that is no int64.
func mulDivUp(a, b, c int64) int64 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	if hi >= uint64(c) {
		return Never
	}
	quotient, rest := bits.Div64(hi, lo, uint64(c))
	if quotient >= Never {
		return Never
	}
	if rest > 0 {
		quotient++
	}
	return int64(quotient)
}

func ceilDiv(a, b int64) int64 { return (a-1)/b + 1 }

func gcd(a, b uint64) uint64 {
	for b > 0 {
		a, b = b, a%b
	}
	return a
}
