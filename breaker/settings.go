package breaker

import (
	"cmp"
	"math"

	"github.com/backstay-go/backstay/event"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/core/trip"
)

// settings is what a [Config] comes to. It is not changed once it is in use;
// Update puts another in its place.
type settings struct {
	rules       trip.Rules
	name        string
	classify    gate.Classifier // nil is gate.Classify
	observer    event.Observer
	observeOnly bool
}

func newSettings(c Config) *settings {
	s := &settings{
		name:        c.Name,
		classify:    c.Classify,
		observer:    c.Observer,
		observeOnly: c.ObserveOnly,
		rules: trip.Rules{
			FailureRate:  parts(c.FailureRate),
			Consecutive:  int32(c.Consecutive),
			SlowCall:     int64(c.SlowCall),
			MinCalls:     int32(cmp.Or(c.MinCalls, DefaultMinCalls)),
			Window:       int64(cmp.Or(c.Window, DefaultWindow)),
			Cooldown:     int64(cmp.Or(c.Cooldown, DefaultCooldown)),
			MaxCooldown:  int64(cmp.Or(c.MaxCooldown, max(DefaultMaxCooldown, c.Cooldown))),
			Probes:       int32(cmp.Or(c.Probes, DefaultProbes)),
			ProbeTimeout: int64(cmp.Or(c.ProbeTimeout, DefaultProbeTimeout)),
			Ramp:         int64(cmp.Or(c.Ramp, DefaultRamp)),
		},
	}
	if c.FailureRate == 0 && c.Consecutive == 0 {
		s.rules.FailureRate = parts(DefaultFailureRate)
	}
	if c.SlowCall > 0 {
		s.rules.SlowRate = parts(cmp.Or(c.SlowRate, DefaultSlowRate))
	}
	if c.Ramp == NoRamp {
		s.rules.Ramp = 0
	}
	return s
}

// parts scales a share to the integers that thresholds are compared in. A share
// too small for them is the smallest there is: none would be no rule.
func parts(share float64) uint32 {
	if share == 0 {
		return 0
	}
	return uint32(max(1, math.Round(share*trip.Whole)))
}

// classify is gate.Classify, and inlined for calls that succeed.
func classify(err error) gate.Outcome {
	if err == nil {
		return gate.Success
	}
	return gate.Classify(err)
}
