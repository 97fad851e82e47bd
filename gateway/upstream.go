package gateway

import (
	"net/http"
	"net/url"
	"sync/atomic"

	"github.com/backstay-go/backstay/gateway/config"
	"github.com/backstay-go/backstay/retry"
)

// upstream is a service: its endpoints, and the connections to them. As a
// RoundTripper it sends each attempt of a request to the next endpoint.
type upstream struct {
	name      string
	endpoints []*endpoint
	transport http.RoundTripper
	next      atomic.Uint64
	budgets   map[config.Budget]*retry.Budget
}

// endpoint is one instance of an upstream.
type endpoint struct {
	url      *url.URL
	attempts atomic.Int64
	failures atomic.Int64
}

func newUpstream(name string, c config.Upstream) *upstream {
	u := &upstream{name: name, transport: newTransport(), budgets: map[config.Budget]*retry.Budget{}}
	for _, raw := range c.Endpoints {
		parsed, err := url.Parse(raw)
		if err != nil {
			panic("gateway: an endpoint was not validated: " + err.Error())
		}
		u.endpoints = append(u.endpoints, &endpoint{url: parsed})
	}
	return u
}

// budget returns the budget that all retries under the same terms share. It must
// not be called while u is in use.
func (u *upstream) budget(terms *config.Budget) *retry.Budget {
	if terms == nil {
		terms = &config.Budget{}
	}
	if terms.Off {
		return retry.NoBudget
	}
	if u.budgets[*terms] == nil {
		u.budgets[*terms] = retry.NewBudget(terms.Config())
	}
	return u.budgets[*terms]
}

// RoundTrip sends one attempt. The request is the caller's, so that it is sent
// as a copy with the URL of the endpoint.
func (u *upstream) RoundTrip(r *http.Request) (*http.Response, error) {
	target := u.pick(exchangeOf(r))
	out := *r
	location := *r.URL
	location.Scheme, location.Host = target.url.Scheme, target.url.Host
	if base := target.url.Path; base != "" && base != "/" {
		location = *target.url.JoinPath(r.URL.EscapedPath())
		location.RawQuery = r.URL.RawQuery
	}
	out.URL = &location
	target.attempts.Add(1)
	resp, err := u.transport.RoundTrip(&out)
	if err != nil || resp.StatusCode >= http.StatusInternalServerError {
		target.failures.Add(1)
	}
	return resp, err
}

// pick returns the endpoint of the next attempt: a request begins where the one
// before it left off, and goes on from there.
func (u *upstream) pick(x *exchange) *endpoint {
	if len(u.endpoints) == 1 {
		x.attempts++
		return u.endpoints[0]
	}
	if x.attempts == 0 {
		x.first = u.next.Add(1) - 1
	}
	chosen := u.endpoints[(x.first+uint64(x.attempts))%uint64(len(u.endpoints))]
	x.attempts++
	return chosen
}
