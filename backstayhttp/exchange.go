package backstayhttp

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/backstay-go/backstay"
	"github.com/backstay-go/backstay/gate"
)

// exchange is one request of a caller and all that comes of it. It is the body
// of the response as well, and holds what the first attempt sends, so that a
// request costs one allocation.
type exchange struct {
	transport *Transport
	request   *http.Request // the caller's
	call      backstay.Call
	first     http.Request // the first attempt's
	stamps    stamps       // the first attempt's
	upload    *upload      // the latest attempt's body, if it cannot be had again
	handed    bool         // the caller's body has become Base's to close
	returned  bool         // RoundTrip did not panic

	body    io.ReadCloser // of the response
	failure error         // that body stands for and call does not know of
	closed  atomic.Bool   // by the reader
	over    atomic.Bool
}

// run attempts the request as often as the pipeline says.
func (x *exchange) run() (*http.Response, error) {
	ctx, err := x.call.Begin(x.request.Context(), x.transport.Pipeline)
	for err == nil {
		resp, failure := x.attempt(ctx)
		if failure == nil {
			x.call.Succeed()
			return x.respond(resp), nil
		}
		if !x.repeatable(resp, failure) {
			x.failure = failure
			err = failure
		} else {
			err = x.call.Fail(failure)
		}
		if err != nil {
			return x.giveUp(resp, err)
		}
		if resp != nil {
			discard(resp)
		}
		ctx, err = x.call.Again()
	}
	x.closeRequest()
	return nil, err
}

// attempt sends the request once. The error is that of Base, or what the status
// of the response stands for.
func (x *exchange) attempt(ctx context.Context) (*http.Response, error) {
	t := x.transport
	if t.PerHost != nil {
		permit, err := t.PerHost.Acquire(ctx, x.host())
		if err != nil {
			return nil, err
		}
		x.call.Hold(permit)
	}
	req, err := x.outgoing(ctx)
	if err != nil {
		return nil, err
	}
	resp, err := t.base().RoundTrip(req)
	if err != nil {
		return nil, err
	}
	x.body = resp.Body
	if resp.Request == req {
		resp.Request = x.request
	}
	return resp, t.failure(resp)
}

// host returns the key of PerHost.
func (x *exchange) host() string {
	if x.request.URL == nil {
		return "" // for Base to complain about
	}
	return strings.ToLower(x.request.URL.Host)
}

// outgoing returns the request of the attempt under way: the caller's with
// another context, headers of its own, and a fresh body. The requests of earlier
// attempts may still be in use by Base.
func (x *exchange) outgoing(ctx context.Context) (*http.Request, error) {
	req, values := &x.first, &x.stamps
	if x.call.Attempt() > 1 {
		req, values = new(http.Request), new(stamps)
	}
	*req = *x.request.WithContext(ctx)
	if err := x.openBody(req); err != nil {
		return nil, err
	}
	x.stamp(req, values)
	return req, nil
}

// giveUp ends the exchange with a failure: with the response to it, if there is
// one, as http.Client does.
func (x *exchange) giveUp(resp *http.Response, err error) (*http.Response, error) {
	if resp != nil {
		return x.respond(resp), nil
	}
	x.closeRequest()
	if x.failure != nil { // not final to call so far
		return nil, x.call.Done(x.failure)
	}
	_ = x.call.Done(nil)
	return nil, err
}

// respond hands resp to the caller. The call lasts until the body ends.
func (x *exchange) respond(resp *http.Response) *http.Response {
	x.closeRequest()
	if x.complete(resp) {
		_ = x.call.Done(x.failure)
		return resp
	}
	x.body = resp.Body
	resp.Body = x
	return resp
}

// complete reports whether the call is over with the headers of resp: it has no
// body, or what follows is no HTTP.
func (x *exchange) complete(resp *http.Response) bool {
	switch resp.StatusCode {
	case http.StatusSwitchingProtocols, http.StatusNoContent, http.StatusNotModified:
		return true
	}
	return resp.Body == nil || resp.Body == http.NoBody || x.request.Method == http.MethodHead
}

// abandon ends the exchange when a panic leaves RoundTrip, and closes the bodies
// that nobody else will.
func (x *exchange) abandon() {
	if x.returned {
		return
	}
	defer x.call.Done(gate.ErrPanicked)
	x.closeRequest()
	if x.body != nil {
		x.body.Close()
	}
}
