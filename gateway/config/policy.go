package config

import (
	"fmt"
	"strconv"

	"github.com/backstay-go/backstay/breaker"
	"github.com/backstay-go/backstay/retry"
)

// Policy is a pipeline: how a request runs. Its fields stand in the order in
// which they act, and what is left out does not act.
type Policy struct {
	// Timeout is how long a request may take until the response begins, retries
	// and their waits included. If left out, nothing bounds it.
	Timeout Duration `json:"timeout,omitempty"`
	// Retry says when a failed request is attempted again; {} is the default way.
	// If left out, never.
	Retry *Retry `json:"retry,omitempty"`
	// Breaker refuses requests while the upstream keeps failing; {} is the
	// default way. If left out, never.
	Breaker *Breaker `json:"breaker,omitempty"`
	// Bulkhead limits how many requests are at the upstream at once; {} is the
	// default way. If left out, nothing does.
	Bulkhead *Bulkhead `json:"bulkhead,omitempty"`
	// AttemptTimeout is how long each attempt may take until the response begins.
	// If left out, only the timeout bounds it.
	AttemptTimeout Duration `json:"attempt_timeout,omitempty"`
}

// Retry says when a failed request is attempted again. Only requests that can be
// repeated without harm are.
type Retry struct {
	// MaxAttempts is how often a request is attempted at most, the first time
	// included, or unlimited. If left out, 3.
	MaxAttempts Attempts `json:"max_attempts,omitempty"`
	// MaxElapsed is how long after the first attempt began another may begin. If
	// left out, only the timeout bounds the time.
	MaxElapsed Duration `json:"max_elapsed,omitempty"`
	// Backoff says how long to wait before the next attempt.
	Backoff *Backoff `json:"backoff,omitempty"`
	// Budget bounds the retries of all requests to the upstream together, or is
	// off. If left out, the default budget is used.
	Budget *Budget `json:"budget,omitempty"`
}

// Backoff says how long to wait before the next attempt.
type Backoff struct {
	// Base is the longest wait after the first attempt. If left out, 100ms.
	Base Duration `json:"base,omitempty"`
	// Max is the longest wait of all. If left out, 10s.
	Max Duration `json:"max,omitempty"`
	// Factor is what the wait grows by with each attempt. If left out, 2.
	Factor float64 `json:"factor,omitempty"`
	// Jitter is how waits are spread: full (from zero), equal (from half) or none.
	// If left out, full.
	Jitter Jitter `json:"jitter,omitempty"`
}

// Budget bounds retries. In a file, the word off stands for none.
type Budget struct {
	// Off switches the budget off.
	Off bool `json:"-"`
	// Ratio is how many retries each success pays for. If left out, 0.2.
	Ratio float64 `json:"ratio,omitempty"`
	// Window is how long successes and retries are remembered. If left out, 10s.
	Window Duration `json:"window,omitempty"`
	// MinPerSecond is how many retries per second are allowed without any
	// success. If left out, one for each window.
	MinPerSecond float64 `json:"min_per_second,omitempty"`
}

// Breaker says when requests are refused because the upstream keeps failing.
type Breaker struct {
	// FailureRate is the share of failed attempts that opens the breaker, above 0
	// and at most 1. If left out, 0.5, or no such rule if consecutive is set.
	FailureRate float64 `json:"failure_rate,omitempty"`
	// Consecutive is how many failures in a row open the breaker. If left out,
	// there is no such rule.
	Consecutive int `json:"consecutive,omitempty"`
	// SlowCall is how long an attempt takes that is slow. If left out, attempts
	// are not timed.
	SlowCall Duration `json:"slow_call,omitempty"`
	// SlowRate is the share of slow attempts that opens the breaker, above 0 and
	// at most 1. If left out, 0.5.
	SlowRate float64 `json:"slow_rate,omitempty"`
	// MinCalls is how many attempts there must be in the window before the rates
	// count. If left out, 20.
	MinCalls int `json:"min_calls,omitempty"`
	// Window is how long an attempt counts. If left out, 10s.
	Window Duration `json:"window,omitempty"`
	// Cooldown is how long the breaker stays open before it probes. If left out,
	// 5s.
	Cooldown Duration `json:"cooldown,omitempty"`
	// MaxCooldown bounds the cooldown, which doubles whenever probing fails. If
	// left out, 1m.
	MaxCooldown Duration `json:"max_cooldown,omitempty"`
	// Probes is how many requests are let through at once to see whether the
	// upstream is back, and how many have to succeed. If left out, 3.
	Probes int `json:"probes,omitempty"`
	// ProbeTimeout is how long a probe counts as under way. If left out, 10s.
	ProbeTimeout Duration `json:"probe_timeout,omitempty"`
	// Ramp is how long the share of requests let through grows after the probes
	// have succeeded, or off. If left out, 500ms.
	Ramp Ramp `json:"ramp,omitempty"`
	// ObserveOnly makes a breaker that decides and reports, and refuses nothing.
	ObserveOnly bool `json:"observe_only,omitempty"`
}

// Bulkhead limits how many requests are at the upstream at once.
type Bulkhead struct {
	// Limit is how many. If left out, 64.
	Limit int `json:"limit,omitempty"`
	// Queue is how many more may wait. If left out, none.
	Queue int `json:"queue,omitempty"`
	// MaxWait is how long they may wait. If left out, 1s.
	MaxWait Duration `json:"max_wait,omitempty"`
}

// decodeShort implements selfDecoder.
func (b *Budget) decodeShort(text string) bool {
	b.Off = text == "off"
	return b.Off
}

func (*Budget) shortForm() string { return "off, or fields such as {ratio: 0.2}" }

// MarshalYAML writes the short form where there is one.
func (b Budget) MarshalYAML() (any, error) {
	if b.Off {
		return "off", nil
	}
	type plain Budget
	return plain(b), nil
}

// Attempts is a number of attempts, or [retry.Unlimited].
type Attempts int

// UnmarshalText reads a number or the word unlimited.
func (a *Attempts) UnmarshalText(text []byte) error {
	if string(text) == "unlimited" {
		*a = Attempts(retry.Unlimited)
		return nil
	}
	n, err := strconv.Atoi(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a number of attempts: write one such as 3, or unlimited", text)
	}
	*a = Attempts(n)
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (a Attempts) MarshalText() ([]byte, error) {
	if int(a) == retry.Unlimited {
		return []byte("unlimited"), nil
	}
	return strconv.AppendInt(nil, int64(a), 10), nil
}

// Ramp is a [Duration], or [breaker.NoRamp].
type Ramp Duration

// UnmarshalText reads a duration or the word off.
func (r *Ramp) UnmarshalText(text []byte) error {
	if string(text) == "off" {
		*r = Ramp(breaker.NoRamp)
		return nil
	}
	if err := (*Duration)(r).UnmarshalText(text); err != nil {
		return fmt.Errorf("%w, or off", err)
	}
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (r Ramp) MarshalText() ([]byte, error) {
	if r == Ramp(breaker.NoRamp) {
		return []byte("off"), nil
	}
	return Duration(r).MarshalText()
}

// Jitter is a [retry.Jitter].
type Jitter retry.Jitter

var jitterNames = []string{retry.FullJitter: "full", retry.EqualJitter: "equal", retry.NoJitter: "none"}

// UnmarshalText reads full, equal or none.
func (j *Jitter) UnmarshalText(text []byte) error {
	for value, name := range jitterNames {
		if name == string(text) {
			*j = Jitter(value)
			return nil
		}
	}
	return fmt.Errorf("no jitter is named %q: %s", text, suggest(string(text), jitterNames))
}

// MarshalText writes what UnmarshalText reads.
func (j Jitter) MarshalText() ([]byte, error) {
	if int(j) >= len(jitterNames) {
		return nil, fmt.Errorf("config: no jitter has the value %d", j)
	}
	return []byte(jitterNames[j]), nil
}
