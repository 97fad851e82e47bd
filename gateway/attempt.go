package gateway

import (
	"context"
	"net/http"
	"net/http/httptrace"
)

// RoundTrip sends one attempt. The proxy has addressed the request to the
// endpoint of the first.
func (u *upstream) RoundTrip(r *http.Request) (*http.Response, error) {
	x := exchangeOf(r)
	target := x.target
	if x.attempts > 0 {
		target = u.pick(x, x.attempts)
		r = r.WithContext(r.Context())
		location := x.location
		r.URL = &location
		target.address(r)
	}
	x.attempts++
	target.attempts.Add(1)
	resp, err := u.send(x, r)
	if err != nil {
		err = x.body.blame(err)
	}
	if err != nil && x.Err() != context.Canceled && !spoiled(err) || err == nil && resp.StatusCode >= http.StatusInternalServerError {
		target.failures.Add(1)
	}
	return resp, err
}

// send sends r, and gives up when the time for an attempt has passed before the
// response begins.
func (u *upstream) send(x *exchange, r *http.Request) (*http.Response, error) {
	limit := x.route.policies.attemptTimeout
	if x.long {
		limit = x.route.policies.patience
	}
	if limit == 0 {
		return u.transport.RoundTrip(r)
	}
	x.body.late.Store(false)
	left := countdown{body: &x.body}
	ctx := left.begin(r.Context(), x.route.policies.attemptTimedOut)
	if x.long {
		start := left.startLater(limit)
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
			WroteRequest: func(httptrace.WroteRequestInfo) { start() },
		})
	} else {
		left.start(limit)
	}
	resp, err := u.transport.RoundTrip(r.WithContext(ctx))
	inTime := left.stop()
	if err == nil && inTime {
		resp.Request = r
		return resp, nil
	}
	if err == nil {
		resp.Body.Close()
	}
	left.cancel(nil)
	if !inTime {
		err = left.cause
		x.timedOut(err)
	}
	return nil, err
}
