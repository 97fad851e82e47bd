package breaker

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/backstay-go/backstay/event"
	"github.com/backstay-go/backstay/gate"
)

// What a [Config] means where it says nothing.
const (
	DefaultFailureRate  float64       = 0.5
	DefaultSlowRate     float64       = 0.5
	DefaultMinCalls     int           = 20
	DefaultWindow       time.Duration = 10 * time.Second
	DefaultCooldown     time.Duration = 5 * time.Second
	DefaultMaxCooldown  time.Duration = time.Minute
	DefaultProbes       int           = 3
	DefaultProbeTimeout time.Duration = 10 * time.Second
	DefaultRamp         time.Duration = 500 * time.Millisecond
)

// What a [Config] can hold at most.
const (
	mostCalls = 1_000_000_000
	longest   = 365 * 24 * time.Hour
)

// NoRamp is a Ramp too short to notice: the breaker closes as soon as its
// probes have succeeded.
const NoRamp time.Duration = 1

// Config is how a [Breaker] decides. The zero Config is a good start: it opens
// when half of at least 20 calls in 10 seconds have failed.
type Config struct {
	// Name identifies the breaker in errors and events. It may be empty.
	Name string
	// FailureRate is the share of the calls in the window whose failure opens
	// the breaker: above 0, at most 1. A rate that is reached exactly opens. If
	// zero, DefaultFailureRate (0.5) is used, or no such rule if Consecutive is
	// set.
	FailureRate float64
	// Consecutive is how many failures in a row open the breaker. If zero, there
	// is no such rule.
	Consecutive int
	// SlowCall is how long a call takes that is slow, whether or not it succeeds.
	// One that still runs counts too, once it has taken that long; if others began
	// soon after it, up to a third later. If zero, calls are not timed.
	SlowCall time.Duration
	// SlowRate is the share of slow calls that opens the breaker: above 0, at
	// most 1. If zero, DefaultSlowRate (0.5) is used. It must be zero unless
	// SlowCall is set.
	SlowRate float64
	// MinCalls is how many calls there must be in the window before FailureRate
	// and SlowRate count. If zero, DefaultMinCalls (20) is used.
	MinCalls int
	// Window is how long an outcome counts. If zero, DefaultWindow (10s) is used.
	Window time.Duration
	// Cooldown is how long the breaker stays open before it probes. Up to a fifth
	// is taken off at random, so that many breakers do not probe at once. If zero,
	// DefaultCooldown (5s) is used.
	Cooldown time.Duration
	// MaxCooldown bounds the cooldown, which doubles whenever probing fails. If
	// zero, DefaultMaxCooldown (1m) is used, or Cooldown if that is longer.
	MaxCooldown time.Duration
	// Probes is how many calls a half-open breaker admits at once, and how many
	// have to succeed. If zero, DefaultProbes (3) is used.
	Probes int
	// ProbeTimeout is how long a probe holds its slot. A probe that has not ended
	// by then makes room for another. If zero, DefaultProbeTimeout (10s) is used.
	ProbeTimeout time.Duration
	// Ramp is how long the share of admitted calls grows after the probes have
	// succeeded, from next to none to all; the others are refused. NoRamp closes at
	// once. If zero, DefaultRamp (500ms) is used.
	Ramp time.Duration
	// ObserveOnly makes a breaker that decides and reports, and refuses nothing.
	ObserveOnly bool
	// Classify tells failures from successes. If nil, gate.Classify is used.
	Classify gate.Classifier
	// Observer is told of state changes and of refused calls. If nil, nobody is.
	Observer event.Observer
}

// Validate returns what is wrong with c, every mistake in one error, or nil.
func (c Config) Validate() error {
	return errors.Join(
		share("FailureRate", c.FailureRate),
		count("Consecutive", c.Consecutive),
		length("SlowCall", c.SlowCall),
		share("SlowRate", c.SlowRate),
		c.slowRateNeedsSlowCall(),
		count("MinCalls", c.MinCalls),
		length("Window", c.Window),
		length("Cooldown", c.Cooldown),
		length("MaxCooldown", c.MaxCooldown),
		c.maxCooldownBelowCooldown(),
		count("Probes", c.Probes),
		length("ProbeTimeout", c.ProbeTimeout),
		length("Ramp", c.Ramp),
	)
}

func share(field string, v float64) error {
	if v >= 0 && v <= 1 {
		return nil
	}
	return fmt.Errorf("breaker: %s is %v: want a share of calls above 0 and at most 1", field, v)
}

func count(field string, v int) error {
	if v >= 0 && v <= mostCalls {
		return nil
	}
	return fmt.Errorf("breaker: %s is %d: want a number of calls up to %d, or 0 for the default", field, v, mostCalls)
}

func length(field string, v time.Duration) error {
	if v >= 0 && v <= longest {
		return nil
	}
	return fmt.Errorf("breaker: %s is %v: want a duration up to %v, or 0 for the default", field, v, longest)
}

func (c Config) slowRateNeedsSlowCall() error {
	if c.SlowRate == 0 || c.SlowCall != 0 {
		return nil
	}
	return fmt.Errorf("breaker: SlowRate is %v and SlowCall is 0: want how long a slow call takes in SlowCall, or no SlowRate", c.SlowRate)
}

func (c Config) maxCooldownBelowCooldown() error {
	if c.MaxCooldown <= 0 || c.MaxCooldown >= cmp.Or(c.Cooldown, DefaultCooldown) {
		return nil
	}
	return fmt.Errorf("breaker: MaxCooldown is %v: want at least the Cooldown of %v", c.MaxCooldown, cmp.Or(c.Cooldown, DefaultCooldown))
}
