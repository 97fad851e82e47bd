package backstayhttp

import (
	"context"
	"errors"
	"net/http"

	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/hint"
	"github.com/backstay-go/backstay/internal/problem"
)

// Refuse answers a request that is not handled because of err, if nothing has
// been written yet:
//
//	429 Too Many Requests     a refusal by a rate limit: the caller's quota is used up
//	503 Service Unavailable   any other refusal, and errors of unknown kind
//	504 Gateway Timeout       a deadline that passed: the work may have been done
//
// A 429 or 503 says that the request was not handled, and in Retry-After when
// another try makes sense: the time in err, rounded up to whole seconds, and at
// least one. The body is application/problem+json (RFC 9457) and names the kind
// of policy, never an instance. The connection stays open.
func Refuse(w http.ResponseWriter, r *http.Request, err error) {
	w, rec := record(w)
	if !rec.untouched() {
		return
	}
	p := problemOf(err)
	if p.Status != http.StatusGatewayTimeout {
		w.Header().Set("Retry-After", retryAfterText(err))
	}
	rec.refuse(err)
	p.Write(w, r)
}

// refuse notes err as the refusal that the response stands for, also where
// middleware of another package stands in between.
func (w *writer) refuse(err error) {
	w.refusal = err
	for next := w.ResponseWriter; next != nil; {
		if r, ok := next.(interface{ recorder() *writer }); ok {
			r.recorder().refusal = err
		}
		wrapper, ok := next.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return
		}
		next = wrapper.Unwrap()
	}
}

// problemOf returns the answer to err.
func problemOf(err error) problem.Details {
	p := problem.Details{Status: http.StatusServiceUnavailable, Detail: "The request was not handled. Try again later."}
	if refusal, ok := errors.AsType[*gate.RejectedError](err); ok {
		p.Policy = refusal.Policy
	}
	switch {
	case p.Policy == "ratelimit":
		p.Status, p.Detail = http.StatusTooManyRequests, "Too many requests. Try again later."
	case !errors.Is(err, gate.ErrRejected) && errors.Is(err, context.DeadlineExceeded):
		p.Status, p.Detail = http.StatusGatewayTimeout, "The request was not answered in time."
	}
	return p
}

// retryAfterText returns the value of Retry-After for err.
func retryAfterText(err error) string {
	after, _ := hint.RetryAfter(err)
	return wholeSeconds(after)
}
