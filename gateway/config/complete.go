package config

import (
	"maps"
	"strings"
	"time"
)

// The defaults of what a configuration leaves out.
const (
	DefaultListen                   = "127.0.0.1:8080"
	DefaultAdmin                    = "127.0.0.1:9901"
	DefaultDrainDelay time.Duration = 5 * time.Second
	DefaultGrace      time.Duration = 25 * time.Second
)

// Default is the name of the upstream and the route that the short form stands
// for, and of the policy of routes that name none. A configuration may define a
// policy of this name to replace it.
const Default = "default"

// DefaultPolicy is the policy of routes that name none. See
// docs/design/021-the-default-policy.md for its figures.
func DefaultPolicy() Policy {
	return Policy{
		Timeout: Duration(30 * time.Second),
		Retry:   &Retry{MaxAttempts: 5, Backoff: &Backoff{Base: Duration(25 * time.Millisecond), Max: Duration(time.Second)}},
		Breaker: &Breaker{
			FailureRate: 0.5,
			MinCalls:    100,
			Consecutive: 20,
			Cooldown:    Duration(2 * time.Second),
			MaxCooldown: Duration(2 * time.Second),
		},
		AttemptTimeout: Duration(10 * time.Second),
	}
}

// Complete returns a copy of c in the long form, with what c leaves out.
func (c *Config) Complete() *Config {
	full := *c
	if full.Listen == "" {
		full.Listen = DefaultListen
	}
	if full.Admin == "" {
		full.Admin = DefaultAdmin
	}
	if full.Shutdown.DrainDelay == nil {
		full.Shutdown.DrainDelay = new(Duration(DefaultDrainDelay))
	}
	if full.Shutdown.Grace == nil {
		full.Shutdown.Grace = new(Duration(DefaultGrace))
	}
	if len(c.Upstream) > 0 {
		full.Upstream = nil
		full.Upstreams = map[string]Upstream{Default: {Endpoints: c.Upstream}}
		full.Routes = []Route{{Name: Default, Upstream: Default}}
	}
	full.Policies = maps.Clone(c.Policies)
	if full.Policies == nil {
		full.Policies = map[string]Policy{}
	}
	if _, ok := full.Policies[Default]; !ok {
		full.Policies[Default] = DefaultPolicy()
	}
	full.Routes = append([]Route(nil), full.Routes...)
	for i := range full.Routes {
		full.Routes[i].complete()
	}
	return &full
}

func (r *Route) complete() {
	if r.Match.Path == "" {
		r.Match.Path = "/*"
	}
	if r.Name == "" {
		r.Name = strings.TrimSpace(strings.Join(r.Match.Methods, ",") + " " + r.Match.Host + r.Match.Path)
	}
	if r.Policy == "" {
		r.Policy = Default
	}
}
