package config

import (
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/backstay-go/backstay/ratelimit"
)

// Off is the word that switches off what has a default.
const Off = "off"

// The keys of a rate limit.
const (
	KeyClientIP = "client_ip"
	KeyRoute    = "route"
	KeyHeader   = "header:" // and the name of the header
)

// shortestFile is what to write when there is nothing.
const shortestFile = "write at least upstream: [http://127.0.0.1:9001]"

// Validate reports every mistake in c. The error is a [Mistakes].
func (c *Config) Validate() error {
	var all Mistakes
	for _, f := range c.check() {
		all = append(all, Mistake{Path: f.path, Text: f.text})
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// check returns every mistake in c that its types allow.
func (c *Config) check() findings {
	var f findings
	c.checkListeners(&f)
	switch {
	case len(c.Upstream) == 0 && len(c.Upstreams) == 0:
		f.miss("upstream", "there is no upstream: %s", shortestFile)
	case len(c.Upstream) > 0 && (c.Upstreams != nil || c.Routes != nil): // an empty list is one, too
		f.add("upstream", "upstream stands for one upstream and one route: write it without upstreams and routes, or those without it")
	case len(c.Upstreams) > 0 && len(c.Routes) == 0:
		f.miss("upstreams", "no route leads to the upstreams: write routes, such as routes: [{upstream: %s}]", sortedNames(c.Upstreams)[0])
	}
	c.Upstream.check(&f, "upstream")
	for _, name := range sortedNames(c.Upstreams) {
		c.Upstreams[name].check(&f, "upstreams."+name)
	}
	for _, name := range sortedNames(c.Policies) {
		c.Policies[name].check(&f, "policies."+name)
		if len(c.Upstream) > 0 && name != Default {
			f.add("policies."+name, "no request runs through this policy: name it %s, or write upstreams and routes", Default)
		}
	}
	c.checkRoutes(&f)
	return f
}

func (c *Config) checkListeners(f *findings) {
	full := c.Complete()
	checkAddress(f, "listen", full.Listen)
	if full.Admin == Off {
		return
	}
	if !checkAddress(f, "admin", full.Admin) {
		return
	}
	host, port, _ := net.SplitHostPort(full.Admin)
	if ip, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !ip.IsLoopback()) {
		f.add("admin", "admin is %q, which others could reach: write a loopback address such as %s, or off", full.Admin, DefaultAdmin)
	}
	if full.Admin == full.Listen && port != "0" {
		f.add("admin", "admin is %q, and so is listen: write another port", full.Admin)
	}
}

// checkAddress reports whether address has a host and a port.
func checkAddress(f *findings, path, address string) bool {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		f.add(path, "%s is %q: write an address with a port, such as 127.0.0.1:8080 or :8080", path, address)
		return false
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		f.add(path, "%s is %q: write a port from 1 to 65535, or 0 for any free one", path, address)
		return false
	}
	return true
}

func (u Upstream) check(f *findings, path string) {
	if len(u.Endpoints) == 0 {
		f.miss(path+".endpoints", "the upstream has no endpoints: write at least one, such as endpoints: [http://127.0.0.1:9001]")
	}
	u.Endpoints.check(f, path+".endpoints")
	switch u.Balance {
	case "", "round_robin":
	case "p2c", "ewma":
		f.add(path+".balance", "balance %s is not supported yet by this version: write round_robin, or leave it out", u.Balance)
	default:
		f.add(path+".balance", "no balance is named %q: write round_robin, or leave it out", u.Balance)
	}
}

func (e Endpoints) check(f *findings, path string) {
	seen := map[string]bool{}
	for i, raw := range e {
		place := fmt.Sprintf("%s[%d]", path, i)
		if wrong := endpointMistake(raw); wrong != "" {
			f.add(place, "the endpoint %q %s: write a URL such as http://127.0.0.1:9001", raw, wrong)
			continue
		}
		key := strings.TrimSuffix(raw, "/")
		if seen[key] {
			f.add(place, "the endpoint %q is there twice: remove one", raw)
		}
		seen[key] = true
	}
}

func (p Policy) check(f *findings, path string) {
	if p.Timeout > 0 && p.AttemptTimeout > p.Timeout {
		f.add(path+".attempt_timeout", "attempt_timeout is %v, longer than the timeout of %v for all attempts: write less, or leave it out", p.AttemptTimeout, p.Timeout)
	}
	if p.Retry != nil {
		p.Retry.check(f, path+".retry")
	}
	if p.Breaker != nil {
		config := p.Breaker.Config()
		f.library(path+".breaker", &config)
	}
	if p.Bulkhead != nil {
		config := p.Bulkhead.Config()
		f.library(path+".bulkhead", &config)
	}
}

func (r Retry) check(f *findings, path string) {
	policy := r.policy()
	policy.Backoff = nil
	f.library(path, policy)
	if r.Backoff != nil {
		backoff := r.Backoff.exponential()
		f.library(path+".backoff", &backoff)
	}
	if r.Budget != nil {
		budget := r.Budget.Config()
		f.library(path+".budget", &budget)
	}
}

func (r RateLimit) check(f *findings, path string) {
	if r.checkRates(f, path) {
		config := r.Config()
		f.library(path, &config)
	}
	name, isHeader := strings.CutPrefix(r.Key, KeyHeader)
	switch {
	case r.Key == "" || r.Key == KeyClientIP || r.Key == KeyRoute:
	case !isHeader:
		f.add(path+".key", "no key is named %q: write client_ip, route, or header:NAME", r.Key)
	case name == "" || strings.ContainsAny(name, " :,;()/"):
		f.add(path+".key", "key is %q: write the name of a header, such as header:X-Api-Key", r.Key)
	}
}

// checkRates reports whether every limit has a rate.
func (r RateLimit) checkRates(f *findings, path string) bool {
	const missing = "there is no rate: write one, such as rate: 100/s"
	before := len(*f)
	if r.Rate == (ratelimit.Rate{}) {
		f.miss(path+".rate", missing)
	}
	for i, quota := range r.And {
		if quota.Rate == (ratelimit.Rate{}) {
			f.miss(fmt.Sprintf("%s.and[%d].rate", path, i), missing)
		}
	}
	return len(*f) == before
}

func (fb *Fallback) check(f *findings, path string) {
	switch status := fb.Status; {
	case status == 0:
	case status < http.StatusOK || status > 599:
		f.add(path+".status", "status is %d: write one from 200 to 599", status)
	case (status == http.StatusNoContent || status == http.StatusNotModified) && fb.Body != "":
		f.add(path+".body", "a response with status %d has no body: leave the body out, or write another status", status)
	}
}

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
