package gateway

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// exchange is what the gateway knows of one request under way. It is the
// context of the request as well, so that the layers below the proxy find it
// without another allocation.
type exchange struct {
	context.Context // of the client's request
	route           *route
	location        url.URL       // what the client asked for, without an endpoint
	target          *endpoint     // of the first attempt
	first           uint64        // its number among those of the upstream
	attempts        int           // sent so far
	patience        time.Duration // with the upstream, once a long body is sent
	outcome         outcome       // so far
	refusedBy       string        // the policy that refused the request
	complete        bool          // the response did not break off
}

type exchangeKey struct{}

// Value implements context.Context.
func (x *exchange) Value(key any) any {
	if _, ok := key.(exchangeKey); ok {
		return x
	}
	return x.Context.Value(key)
}

// exchangeOf returns the exchange that a request belongs to.
func exchangeOf(r *http.Request) *exchange {
	if x, ok := r.Context().(*exchange); ok {
		return x
	}
	return r.Context().Value(exchangeKey{}).(*exchange)
}
