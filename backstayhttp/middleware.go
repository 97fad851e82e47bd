package backstayhttp

import (
	"net/http"

	"github.com/backstay-go/backstay/gate"
)

// Middleware wraps a handler. It is an alias, so that any function of that form
// is one.
type Middleware = func(http.Handler) http.Handler

// Chain returns h wrapped in mw: a request passes the first of them first.
//
//	handler := backstayhttp.Chain(mux,
//		backstayhttp.Recover(),
//		backstayhttp.Deadline(),
//		backstayhttp.GuardKeyed(clients, backstayhttp.RemoteIP),
//		backstayhttp.Guard(bulkhead),
//		backstayhttp.Timeout(2*time.Second))
func Chain(h http.Handler, mw ...Middleware) http.Handler {
	for i := len(mw) - 1; i >= 0; i-- {
		h = mw[i](h)
	}
	return h
}

// Priority gives each request the priority that of returns for it. Gates further
// in see it with [gate.PriorityOf]; they drop the least important first. What a
// client says of its own importance should count only if the client is known.
func Priority(of func(*http.Request) gate.Priority) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if p := of(r); p != gate.PriorityOf(r.Context()) {
				r = r.WithContext(gate.WithPriority(r.Context(), p))
			}
			next.ServeHTTP(w, r)
		})
	}
}
