package gateway

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"strings"
	"time"

	"github.com/backstay-go/backstay/backstayhttp"
	"github.com/backstay-go/backstay/event"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/gateway/config"
	"github.com/backstay-go/backstay/gateway/internal/conn"
)

// route is one route with its policies.
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
	r.policies.limit = newLimit(c.Name, c.RateLimit, observer)
	r.proxy = &httputil.ReverseProxy{
		Rewrite:        r.rewrite,
		Transport:      &backstayhttp.Transport{Base: u, Pipeline: r.policies.pipeline},
		BufferPool:     buffers,
		ModifyResponse: r.answered,
		ErrorHandler:   r.failed,
		ErrorLog:       silent,
	}
	return r
}

// buffers are shared by all routes.
var buffers = conn.NewBuffers()

// silent drops what the proxy and the servers log: the outcome of each request is
// counted instead, as a line for each failure would flood in an outage.
var silent = log.New(io.Discard, "", 0)

// ServeHTTP runs one request.
func (r *route) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if limit := r.policies.limit; limit != nil {
		if err := limit.admit(req); err != nil {
			r.overLimit(w, req, err)
			return
		}
	}
	begun := time.Now()
	x := newExchange(r, req, begun)
	defer func() {
		r.stats.count(x, time.Since(begun))
		x.release()
	}()
	var ctx context.Context = x
	if r.priority != gate.Critical {
		ctx = gate.WithPriority(ctx, r.priority)
	}
	req = req.WithContext(ctx)
	x.body.take(w, req)
	r.proxy.ServeHTTP(w, req)
	x.complete = true
}

// overLimit answers a request that the rate limit has refused. There is no
// fallback: that is for what an upstream cannot do, and not for what a client may
// not.
func (r *route) overLimit(w http.ResponseWriter, req *http.Request, err error) {
	if req.Context().Err() != nil { // the client went away while it waited
		r.stats.requests[canceled].Add(1)
		return
	}
	r.stats.refuse("ratelimit")
	// Guard adds the headers from which clients can tell how to pace themselves.
	backstayhttp.Guard(overLimit{err, r.policies.limit.status(req)})(nil).ServeHTTP(w, req)
}

// rewrite addresses a request to the upstream. What the client says of who it is
// and what it asked for is dropped: there are no trusted proxies.
func (r *route) rewrite(p *httputil.ProxyRequest) {
	x := exchangeOf(p.In)
	x.location = *p.Out.URL
	x.target = r.upstream.pick(x, 0)
	x.target.address(p.Out)
	for name := range p.Out.Header {
		if strings.HasPrefix(name, "X-Forwarded-") || name == "X-Real-Ip" {
			delete(p.Out.Header, name)
		}
	}
	p.SetXForwarded()
}

// answered notes that the response has begun. An error makes the proxy call
// failed.
func (r *route) answered(resp *http.Response) error {
	x := exchangeOf(resp.Request)
	if !x.total.stop() {
		return r.policies.timedOut
	}
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
		answerSpoiled(w, req, err)
	case r.fallback != nil:
		x.outcome = fellBack
		r.writeFallback(w)
	case x.outcome == refused:
		backstayhttp.Refuse(w, req, err)
	case x.outcome == timedOut:
		writeProblem(w, req, http.StatusGatewayTimeout, "the upstream did not answer in time")
	default:
		writeProblem(w, req, http.StatusBadGateway, "the upstream cannot be reached")
	}
}
