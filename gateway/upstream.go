package gateway

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync/atomic"

	"github.com/backstay-go/backstay/gateway/config"
	"github.com/backstay-go/backstay/gateway/internal/conn"
	"github.com/backstay-go/backstay/retry"
)

// upstream is a service: its endpoints, and the connections to them. As a
// RoundTripper it sends each attempt of a request to another endpoint.
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
	u := &upstream{name: name, transport: conn.NewTransport(), budgets: map[config.Budget]*retry.Budget{}}
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

// pick returns the endpoint of the exchange's attempt n, counted from 0. The
// first attempts of requests go round, and the others of a request go on from
// there, so that a retry always reaches another endpoint if there is one.
func (u *upstream) pick(x *exchange, n int) *endpoint {
	if len(u.endpoints) == 1 {
		return u.endpoints[0]
	}
	if n == 0 {
		x.first = u.next.Add(1) - 1
	}
	return u.endpoints[(x.first+uint64(n))%uint64(len(u.endpoints))]
}

// address sends r, whose URL has the path that the client asked for, to the
// endpoint. The client's Host stays, as services tell their names by it.
func (e *endpoint) address(r *http.Request) {
	host := r.Host
	proxied := httputil.ProxyRequest{Out: r}
	proxied.SetURL(e.url)
	r.Host = host
}
