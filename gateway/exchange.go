package gateway

import (
	"context"
	"net/http"
)

// exchange is what the gateway knows of one request under way. It is the
// context of the request as well, so that the layers below the proxy find it
// without another allocation.
type exchange struct {
	context.Context
	route    *route
	first    uint64 // which endpoint the first attempt goes to
	attempts int    // sent to endpoints so far
	outcome  outcome
}

type exchangeKey struct{}

// Value implements context.Context.
func (x *exchange) Value(key any) any {
	if _, ok := key.(exchangeKey); ok {
		return x
	}
	return x.Context.Value(key)
}

// exchangeOf returns the exchange a request belongs to.
func exchangeOf(r *http.Request) *exchange {
	return r.Context().Value(exchangeKey{}).(*exchange)
}
