package retry

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// The defaults of the back-offs.
const (
	DefaultBase   time.Duration = 100 * time.Millisecond
	DefaultMax    time.Duration = 10 * time.Second
	DefaultFactor float64       = 2
)

// A Backoff says how long to wait before the next attempt. Delay is pure: it is
// given the number of attempts made (from 1), the delay before the last of them
// (0 after the first) and a random number u from [0, 1), and returns the same
// for the same. It must be safe for concurrent use.
//
// A Backoff with a method Validate() error is validated with its [Policy].
type Backoff interface {
	Delay(attempt int, prev time.Duration, u float64) time.Duration
}

// Jitter is how a delay is spread, so that callers that failed together do not
// come back together.
type Jitter uint8

// The kinds of jitter.
const (
	// FullJitter spreads from zero to the whole delay. It is the zero value, as
	// it makes the least work for a recovering server: see
	// https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/.
	FullJitter Jitter = iota
	// EqualJitter spreads from half the delay to the whole.
	EqualJitter
	// NoJitter does not spread.
	NoJitter
)

// spread applies the jitter to a delay in nanoseconds. It never lengthens it.
func (j Jitter) spread(delay, u float64) time.Duration {
	switch j {
	case NoJitter:
	case EqualJitter:
		delay = delay/2 + delay/2*u
	default:
		delay *= u
	}
	return time.Duration(delay)
}

func (j Jitter) validate() error {
	if j > NoJitter {
		return fmt.Errorf("retry: Jitter is %d: want FullJitter, EqualJitter or NoJitter", j)
	}
	return nil
}

// Exponential multiplies the delay with each attempt: the delay after attempt n
// is Base * Factor^(n-1), at most Max, spread by Jitter. The zero value is the
// default of a [Policy].
type Exponential struct {
	// Base is the longest delay after the first attempt.
	// If zero, DefaultBase (100 ms) is used.
	Base time.Duration
	// Max is the longest delay of all. If zero, DefaultMax (10 s) is used, or
	// Base if that is longer.
	Max time.Duration
	// Factor is what the delay grows by, at least 1.
	// If zero, DefaultFactor (2) is used.
	Factor float64
	// Jitter is how the delay is spread. If zero, FullJitter is used.
	Jitter Jitter
}

// Delay implements [Backoff].
func (e Exponential) Delay(attempt int, _ time.Duration, u float64) time.Duration {
	base, limit := bounds(e.Base, e.Max)
	factor := e.Factor
	if factor == 0 {
		factor = DefaultFactor
	}
	delay := base * math.Pow(factor, float64(attempt-1))
	if !(delay < limit) { // also when the power overflowed
		delay = limit
	}
	return e.Jitter.spread(delay, u)
}

// Validate reports every field that makes no sense.
func (e Exponential) Validate() error {
	err := errors.Join(validateBounds(e.Base, e.Max), e.Jitter.validate())
	if e.Factor != 0 && !(e.Factor >= 1 && e.Factor <= 1000) {
		err = errors.Join(err, fmt.Errorf("retry: Factor is %v: want from 1 to 1000", e.Factor))
	}
	return err
}

// Constant always waits about as long.
type Constant struct {
	// Wait is the longest delay. If zero, there is no delay.
	Wait time.Duration
	// Jitter is how the delay is spread. If zero, FullJitter is used: with
	// NoJitter every delay is Wait.
	Jitter Jitter
}

// Delay implements [Backoff].
func (c Constant) Delay(_ int, _ time.Duration, u float64) time.Duration {
	return c.Jitter.spread(float64(min(c.Wait, longest)), u)
}

// Validate reports every field that makes no sense.
func (c Constant) Validate() error {
	err := c.Jitter.validate()
	if c.Wait < 0 {
		err = errors.Join(err, fmt.Errorf("retry: Wait is %v: want none below zero", c.Wait))
	}
	return err
}

// Decorrelated waits a random time between Base and three times the delay
// before, at most Max: the decorrelated jitter of the article named at
// [FullJitter].
type Decorrelated struct {
	// Base is the shortest delay. If zero, DefaultBase (100 ms) is used.
	Base time.Duration
	// Max is the longest delay. If zero, DefaultMax (10 s) is used, or Base if
	// that is longer.
	Max time.Duration
}

// Delay implements [Backoff].
func (d Decorrelated) Delay(_ int, prev time.Duration, u float64) time.Duration {
	base, limit := bounds(d.Base, d.Max)
	top := max(base, 3*float64(prev))
	return time.Duration(min(limit, base+u*(top-base)))
}

// Validate reports every field that makes no sense.
func (d Decorrelated) Validate() error { return validateBounds(d.Base, d.Max) }

// bounds returns the shortest and the longest delay with their defaults. The
// longest stays below what a time.Duration holds.
func bounds(base, limit time.Duration) (shortest, longest float64) {
	if base == 0 {
		base = DefaultBase
	}
	if limit == 0 {
		limit = max(DefaultMax, base)
	}
	return float64(min(base, limit)), float64(min(limit, math.MaxInt64/4))
}

func validateBounds(base, limit time.Duration) error {
	var err error
	if base < 0 {
		err = errors.Join(err, fmt.Errorf("retry: Base is %v: want none below zero", base))
	}
	if limit < 0 || limit > 0 && limit < base {
		err = errors.Join(err, fmt.Errorf("retry: Max is %v: want at least Base (%v)", limit, base))
	}
	return err
}
