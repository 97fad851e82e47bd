package gateway

import (
	"context"
	"errors"
	"log"
	"net/http"
	"net/http/httputil"
	"time"

	"github.com/backstay-go/backstay/event"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/gateway/config"
)

// errUpstream stands for a response that counts as a failure.
var errUpstream = errors.New("the upstream answered with an error")

// route is one route with its own pipeline.
type route struct {
	name     string
	match    config.Match
	priority gate.Priority
	fallback *config.Fallback
	upstream *upstream
	policies *policies
	proxy    *httputil.ReverseProxy
	stats    stats
}

func newRoute(c config.Route, p config.Policy, u *upstream, observer event.Observer) *route {
	r := &route{name: c.Name, match: c.Match, priority: c.Priority, fallback: c.Fallback, upstream: u}
	r.policies = newPolicies(c.Name, p, u, observer)
	r.proxy = &httputil.ReverseProxy{
		Rewrite:        func(p *httputil.ProxyRequest) { p.SetXForwarded() },
		Transport:      &client{base: u, pipeline: r.policies.pipeline},
		BufferPool:     copyBuffers,
		ModifyResponse: r.answered,
		ErrorHandler:   r.failed,
		ErrorLog:       log.New(discard{}, "", 0),
	}
	return r
}

// discard drops what the proxy logs: the outcome of each request is counted
// instead, as a line for each failure would flood in an outage.
type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// ServeHTTP runs one request.
func (r *route) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	begun := time.Now()
	x := &exchange{Context: req.Context(), route: r, outcome: aborted}
	var ctx context.Context = x
	if r.priority != gate.Critical {
		ctx = gate.WithPriority(ctx, r.priority)
	}
	defer func() { r.stats.count(x, time.Since(begun)) }()
	r.proxy.ServeHTTP(w, req.WithContext(ctx))
}

// answered notes that the upstream has answered.
func (r *route) answered(resp *http.Response) error {
	x := exchangeOf(resp.Request)
	if resp.StatusCode < http.StatusInternalServerError {
		x.outcome = succeeded
		return nil
	}
	if r.fallback != nil {
		return errUpstream
	}
	x.outcome = upstreamError
	return nil
}

// failed answers a request that the upstream did not.
func (r *route) failed(w http.ResponseWriter, req *http.Request, err error) {
	x := exchangeOf(req)
	x.outcome = outcomeOf(x, err)
	switch {
	case x.outcome == canceled:
		// There is nobody to answer.
	case r.fallback != nil:
		x.outcome = fellBack
		writeFallback(w, r.fallback)
	case x.outcome == rejected:
		writeProblem(w, http.StatusServiceUnavailable, err.Error())
	case x.outcome == timedOut:
		writeProblem(w, http.StatusGatewayTimeout, "the upstream did not answer in time")
	default:
		writeProblem(w, http.StatusBadGateway, "the upstream cannot be reached")
	}
}
