package backstayhttp

import (
	"context"
	"net/http"
	"time"
)

// Timeout gives the handler the time d to answer, or to begin a stream. After
// that the context of the request ends with [context.DeadlineExceeded]. It
// panics if d is not above zero.
//
// The handler runs in the caller's goroutine, and what it writes goes straight to
// the client: nothing is buffered, and a handler that does not look at its
// context is not cut. If it returns late and has written nothing, the answer is
// that of [Refuse]: 504.
//
// A handler that calls Flush or Hijack has begun a stream (server-sent events, a
// long download, a WebSocket); from then on d does not apply, and the context
// lives as it would without. The WriteTimeout of the server still does: a
// streaming handler extends it through [http.ResponseController]. A context that
// the handler derives before, with a deadline behind d, has none afterwards: that
// is how package context is made.
func Timeout(d time.Duration) Middleware {
	if d <= 0 {
		panic("backstayhttp: Timeout is " + d.String() + ": want above zero")
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			deadline := time.Now().Add(d)
			if earlier, ok := r.Context().Deadline(); ok && !earlier.After(deadline) {
				next.ServeHTTP(w, r) // whoever set that deadline answers
				return
			}
			w, rec := record(w)
			p := newPatience(r.Context(), deadline, d)
			p.outer, rec.limit = rec.limit, p
			defer func() {
				rec.limit = p.outer
				p.end()
			}()
			next.ServeHTTP(w, r.WithContext(p))
			refuseLate(p, w, r)
		})
	}
}

// Deadline adopts what [TimeoutHeader] says of the caller's patience: the context
// of the request ends no later, so that no work is done for a caller who has
// stopped waiting. A request whose time is already up is not handled. The answer
// to a request that is not answered in time is that of [Refuse]: 504.
//
// A value that makes no sense is ignored. A client can shorten its own time with
// the header, and not lengthen it. A stream ends then, too: its reader has gone.
func Deadline() Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			left, ok := parseTimeout(r.Header.Get(TimeoutHeader))
			if !ok {
				next.ServeHTTP(w, r)
				return
			}
			w, rec := record(w)
			ctx, cancel := rec.limited(r.Context(), left)
			defer cancel()
			if ctx.Err() == nil {
				next.ServeHTTP(w, r.WithContext(ctx))
			}
			refuseLate(ctx, w, r)
		})
	}
}

// limited returns a context that ends when left has passed. Package context drops
// a deadline behind that of the parent, which a Timeout may yet lift.
func (w *writer) limited(parent context.Context, left time.Duration) (context.Context, context.CancelFunc) {
	if w.limit == nil || left <= 0 {
		return context.WithTimeout(parent, left)
	}
	p := newPatience(parent, time.Now().Add(left), left)
	return p, p.end
}

// refuseLate answers a request whose time, by ctx, has passed, if its handler has
// not.
func refuseLate(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	if ctx.Err() == context.DeadlineExceeded {
		Refuse(w, r, context.DeadlineExceeded)
	}
}
