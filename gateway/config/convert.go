package config

import (
	"time"

	"github.com/backstay-go/backstay"
	"github.com/backstay-go/backstay/breaker"
	"github.com/backstay-go/backstay/bulkhead"
	"github.com/backstay-go/backstay/ratelimit"
	"github.com/backstay-go/backstay/retry"
)

// Pipeline returns the timeouts and the retries of p as the library's pipeline,
// without its gates and its name.
func (p Policy) Pipeline() *backstay.Pipeline {
	pipeline := &backstay.Pipeline{Timeout: time.Duration(p.Timeout), AttemptTimeout: time.Duration(p.AttemptTimeout)}
	if p.Retry != nil {
		pipeline.Retry = p.Retry.policy()
	}
	return pipeline
}

// policy returns r as the library's policy, without a budget: one is shared by
// all routes to an upstream.
func (r Retry) policy() *retry.Policy {
	policy := &retry.Policy{MaxAttempts: int(r.MaxAttempts), MaxElapsed: time.Duration(r.MaxElapsed)}
	if r.Backoff != nil {
		policy.Backoff = r.Backoff.exponential()
	}
	return policy
}

func (b Backoff) exponential() retry.Exponential {
	return retry.Exponential{
		Base: time.Duration(b.Base), Max: time.Duration(b.Max), Factor: b.Factor, Jitter: retry.Jitter(b.Jitter),
	}
}

// Config returns b as the library's configuration.
func (b Budget) Config() retry.BudgetConfig {
	return retry.BudgetConfig{Ratio: b.Ratio, Window: time.Duration(b.Window), MinPerSecond: b.MinPerSecond}
}

// Config returns b as the library's configuration.
func (b Breaker) Config() breaker.Config {
	return breaker.Config{
		FailureRate:  b.FailureRate,
		Consecutive:  b.Consecutive,
		SlowCall:     time.Duration(b.SlowCall),
		SlowRate:     b.SlowRate,
		MinCalls:     b.MinCalls,
		Window:       time.Duration(b.Window),
		Cooldown:     time.Duration(b.Cooldown),
		MaxCooldown:  time.Duration(b.MaxCooldown),
		Probes:       b.Probes,
		ProbeTimeout: time.Duration(b.ProbeTimeout),
		Ramp:         time.Duration(b.Ramp),
		ObserveOnly:  b.ObserveOnly,
	}
}

// Config returns b as the library's configuration.
func (b Bulkhead) Config() bulkhead.Config {
	return bulkhead.Config{Limit: b.Limit, Queue: b.Queue, MaxWait: time.Duration(b.MaxWait)}
}

// Config returns r as the library's configuration.
func (r RateLimit) Config() ratelimit.Config {
	c := ratelimit.Config{
		Rate: r.Rate, Burst: r.Burst, MaxWait: time.Duration(r.MaxWait), MaxKeys: r.MaxKeys, Shadow: r.Shadow,
	}
	for _, quota := range r.And {
		c.And = append(c.And, ratelimit.Quota(quota))
	}
	return c
}
