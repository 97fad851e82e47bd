package gateway

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/backstay-go/backstay/event"
)

// exchange is what the gateway knows of one request under way. It is the
// context of the request as well, so that the layers below the proxy find it
// without another allocation.
type exchange struct {
	context.Context           // the client's, or one that total ends
	total           countdown // until the response must have begun
	deadline        time.Time // of total; zero if there is none
	route           *route
	body            clientBody
	location        url.URL   // what the client asked for, without an endpoint
	target          *endpoint // of the first attempt
	first           uint64    // its number among those of the upstream
	attempts        int       // sent so far
	long            bool      // the request has a long body
	complete        bool      // the response did not break off
	outcome         outcome   // so far
	refusedBy       string    // the policy that refused the request
}

// longBody is from which length on a body is long: the timeouts begin when it has
// been sent, as how long that takes is up to the client.
const longBody = 64 << 10

// newExchange begins the exchange for a client's request at the time now.
func newExchange(r *route, req *http.Request, now time.Time) *exchange {
	x := &exchange{Context: req.Context(), route: r, outcome: aborted}
	x.long = req.ContentLength > longBody || req.ContentLength < 0
	if limit := r.policies.timeout; limit > 0 && !x.long {
		x.total.body = &x.body
		x.Context = x.total.begin(x.Context, r.policies.timedOut)
		x.deadline = now.Add(limit)
		x.total.start(limit)
	}
	return x
}

// release ends the context.
func (x *exchange) release() {
	if x.total.cancel != nil {
		x.total.stop()
		x.total.cancel(nil)
	}
}

// Value implements context.Context.
func (x *exchange) Value(key any) any {
	if _, ok := key.(exchangeKey); ok {
		return x
	}
	return x.Context.Value(key)
}

// Deadline implements context.Context.
func (x *exchange) Deadline() (time.Time, bool) {
	deadline, ok := x.Context.Deadline()
	if x.deadline.IsZero() || ok && deadline.Before(x.deadline) {
		return deadline, ok
	}
	return x.deadline, true
}

// Err implements context.Context: a timeout is no cancellation.
func (x *exchange) Err() error {
	if err := x.Context.Err(); err == nil || !x.total.over() {
		return err
	}
	return context.DeadlineExceeded
}

type exchangeKey struct{}

// exchangeOf returns the exchange that a request belongs to.
func exchangeOf(r *http.Request) *exchange {
	if x, ok := r.Context().(*exchange); ok {
		return x
	}
	return r.Context().Value(exchangeKey{}).(*exchange)
}

// timedOut tells the observer that a timeout has ended an attempt or the request.
func (x *exchange) timedOut(err error) {
	event.Notify(x, x.route.policies.pipeline.Observer, event.Event{
		Kind: event.TimedOut, Policy: "pipeline", Name: x.route.name, Attempt: x.attempts, Err: err,
	})
}
