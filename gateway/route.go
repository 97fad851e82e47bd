package gateway

import (
	"context"
	"errors"
	"log"
	"net/http"
	"net/http/httputil"
	"time"

	"github.com/backstay-go/backstay/backstayhttp"
	"github.com/backstay-go/backstay/event"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/gateway/config"
)

// route is one route with its policies.
type route struct {
	name     string
	match    config.Match
	priority gate.Priority
	fallback *config.Fallback
	upstream *upstream
	policies *policies
	proxy    *httputil.ReverseProxy // for most requests
	long     *httputil.ReverseProxy // for requests with long bodies
	stats    stats
}

func newRoute(c config.Route, p config.Policy, u *upstream, observer event.Observer) *route {
	r := &route{name: c.Name, match: c.Match, priority: c.Priority, fallback: c.Fallback, upstream: u}
	r.policies = newPolicies(c.Name, p, u, observer)
	r.proxy = r.newProxy(&backstayhttp.Transport{Base: u, Pipeline: r.policies.pipeline})
	r.long = r.newProxy(&backstayhttp.Transport{Base: u, Pipeline: r.policies.untimed})
	return r
}

func (r *route) newProxy(transport http.RoundTripper) *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Rewrite:        r.rewrite,
		Transport:      transport,
		BufferPool:     copyBuffers,
		ModifyResponse: r.answered,
		ErrorHandler:   r.failed,
		ErrorLog:       log.New(discard{}, "", 0),
	}
}

// discard drops what the proxy logs: the outcome of each request is counted
// instead, as a line for each failure would flood in an outage.
type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// longBody is from which length on the timeouts do not count the time that a
// client takes to send the body.
const longBody = 64 << 10

// ServeHTTP runs one request.
func (r *route) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	begun := time.Now()
	x := &exchange{Context: req.Context(), route: r, outcome: aborted}
	defer func() { r.stats.count(x, time.Since(begun)) }()

	var ctx context.Context = x
	if r.priority != gate.Critical {
		ctx = gate.WithPriority(ctx, r.priority)
	}
	proxy := r.proxy
	if req.ContentLength > longBody || req.ContentLength < 0 {
		proxy, x.patience = r.long, r.policies.patience
	}
	proxy.ServeHTTP(w, req.WithContext(ctx))
	x.complete = true
}

// rewrite addresses a request to the upstream.
func (r *route) rewrite(p *httputil.ProxyRequest) {
	x := exchangeOf(p.In)
	x.location = *p.Out.URL
	x.target = r.upstream.pick(x, 0)
	x.target.address(p.Out)
	p.SetXForwarded()
}

// answered notes that the upstream has answered. An error makes the proxy call
// failed.
func (r *route) answered(resp *http.Response) error {
	x := exchangeOf(resp.Request)
	x.outcome = succeeded
	if resp.StatusCode < http.StatusInternalServerError {
		return nil
	}
	if r.fallback != nil {
		return errUpstream
	}
	x.outcome = upstreamError
	return nil
}

// errUpstream stands for a response that the fallback replaces.
var errUpstream = errors.New("the upstream answered with an error")

// failed answers a request that the upstream did not.
func (r *route) failed(w http.ResponseWriter, req *http.Request, err error) {
	x := exchangeOf(req)
	x.fail(err)
	switch {
	case x.outcome == canceled:
		// There is nobody to answer.
	case r.fallback != nil:
		x.outcome = fellBack
		writeFallback(w, r.fallback)
	case x.outcome == refused:
		backstayhttp.Refuse(w, req, err)
	case x.outcome == timedOut:
		writeProblem(w, http.StatusGatewayTimeout, "the upstream did not answer in time")
	default:
		writeProblem(w, http.StatusBadGateway, "the upstream cannot be reached")
	}
}
