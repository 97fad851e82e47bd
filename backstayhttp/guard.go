package backstayhttp

import (
	"context"
	"errors"
	"net/http"

	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/ratelimit"
)

// statusClientGone is what several proxies log when the client has gone away.
const statusClientGone = 499

// Guard lets g decide which requests are handled. It answers the others with
// [Refuse]. The permit is held until the handler returns, and g is told how it
// ended:
//
//   - A status of 5xx is a failure, a [*StatusError]; so is a panic.
//   - A client that went away is no failure, whatever the handler made of it, and
//     neither is a refusal by a gate further in.
//   - Anything else is a success.
//
// If g is a [ratelimit.Limiter], refusals also have the fields RateLimit-Policy
// and RateLimit, by which clients can pace themselves.
func Guard(g gate.Gate) Middleware {
	var quota func(*http.Request) ratelimit.Status
	if limit, ok := g.(interface{ Status() ratelimit.Status }); ok {
		quota = func(*http.Request) ratelimit.Status { return limit.Status() }
	}
	return guard(func(r *http.Request) (gate.Permit, error) { return g.Acquire(r.Context()) }, quota)
}

// GuardKeyed is [Guard] with a gate for each key, such as [RemoteIP]. The
// function key must return the same for the same request.
func GuardKeyed(g gate.Keyed[string], key func(*http.Request) string) Middleware {
	var quota func(*http.Request) ratelimit.Status
	if limit, ok := g.(interface {
		Status(key string) ratelimit.Status
	}); ok {
		quota = func(r *http.Request) ratelimit.Status { return limit.Status(key(r)) }
	}
	return guard(func(r *http.Request) (gate.Permit, error) { return g.Acquire(r.Context(), key(r)) }, quota)
}

// guard is both of them. The function quota tells where a rate limit stands; it
// is nil for other gates.
func guard(acquire func(*http.Request) (gate.Permit, error), quota func(*http.Request) ratelimit.Status) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			permit, err := acquire(r)
			if err != nil {
				if quota != nil {
					describe(w.Header(), quota(r))
				}
				Refuse(w, r, err)
				return
			}
			w, rec := record(w)
			result := gate.ErrPanicked // what the gate is told unless the handler returns
			defer func() { permit.Done(forGate(r.Context(), result)) }()
			next.ServeHTTP(w, r)
			result = rec.result(r.Context())
		})
	}
}

// result returns how a handler ended that has returned.
func (w *writer) result(ctx context.Context) error {
	switch {
	case w.refusal != nil:
		return w.refusal
	case w.untouched():
		// A handler that gave up leaves the answer to whoever set the deadline.
		if err := ctx.Err(); err != nil {
			return err
		}
		return nil
	case w.status == statusClientGone:
		return context.Canceled
	case w.status >= http.StatusInternalServerError:
		return &StatusError{Code: w.status}
	default:
		return nil
	}
}

// forGate returns what a gate is told of err. The server cancels a request when
// its client has gone, and handlers answer that with any error, or panic with
// [http.ErrAbortHandler].
func forGate(ctx context.Context, err error) error {
	if err != nil && errors.Is(ctx.Err(), context.Canceled) {
		return context.Canceled
	}
	return err
}
