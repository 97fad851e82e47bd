package gateway

import (
	"context"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/backstay-go/backstay"
)

// A pipeline's timeouts last until a body has been read. Those of a gateway end
// when the response begins, and begin when a long request body has been sent:
// how long transfers take is up to the client, and a stream may go on for ever.

// send sends one attempt, so that the timeouts in r's context end it only until
// the response begins. After that, only the client's going away does.
func (x *exchange) send(transport http.RoundTripper, r *http.Request) (*http.Response, error) {
	if x.patience > 0 {
		return x.sendLong(transport, r)
	}
	bounded := r.Context()
	if _, limited := bounded.Deadline(); !limited {
		return transport.RoundTrip(r)
	}
	lasting, cancel := context.WithCancelCause(x.Context)
	release := context.AfterFunc(bounded, func() { cancel(context.Cause(bounded)) })
	resp, err := transport.RoundTrip(r.WithContext(&detached{lasting, bounded}))
	switch {
	case err != nil:
		release()
		cancel(nil)
	case !release(): // the time ran out as the response began
		resp.Body.Close()
		return nil, context.Cause(bounded)
	default:
		resp.Request = r
	}
	return resp, err
}

// detached is a context that ends with one context and has the values of
// another.
type detached struct {
	context.Context
	values context.Context
}

// Value implements context.Context. The values of the context that says when d
// ends come first: package context finds its own parts by them.
func (d *detached) Value(key any) any {
	if v := d.Context.Value(key); v != nil {
		return v
	}
	return d.values.Value(key)
}

// sendLong sends an attempt with a long body: the upstream has x.patience to
// begin its response once the body has been sent.
func (x *exchange) sendLong(transport http.RoundTripper, r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(r.Context())
	var begun atomic.Bool
	timer := time.AfterFunc(time.Hour, func() {
		if !begun.Load() {
			cancel(&backstay.TimeoutError{Name: x.route.name, After: x.patience, Attempt: true, Err: context.DeadlineExceeded})
		}
	})
	timer.Stop()
	trace := &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) {
		if !begun.Load() {
			timer.Reset(x.patience)
		}
	}}
	resp, err := transport.RoundTrip(r.WithContext(httptrace.WithClientTrace(ctx, trace)))
	begun.Store(true)
	timer.Stop()
	if err != nil {
		cancel(nil)
		return nil, err
	}
	resp.Request = r
	return resp, nil
}
