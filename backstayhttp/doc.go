// Package backstayhttp applies Backstay's policies to HTTP: to any http.Client
// through a [Transport], to any http.Handler through [Middleware].
//
// A client with timeouts, retries and a breaker:
//
//	client := &http.Client{Transport: &backstayhttp.Transport{
//		Pipeline: &backstay.Pipeline{
//			Name:    "users",
//			Timeout: 2 * time.Second,
//			Retry:   &retry.Policy{},
//			Gates:   []gate.Gate{breaker.New(breaker.Config{Name: "users"})},
//		},
//	}}
//
// A server that takes at most 100 requests at once, and none for longer than
// two seconds:
//
//	limit := bulkhead.New(bulkhead.Config{Name: "api", Limit: 100})
//	handler := backstayhttp.Chain(mux, backstayhttp.Guard(limit), backstayhttp.Timeout(2*time.Second))
//
// # What clients can rely on
//
//   - Nothing is sent twice that must not be: see [Transport].
//   - A failing status is a response, after retries as without.
//   - Errors are those of [backstay.Pipeline.Do], inside the *url.Error that
//     http.Client makes of all errors: errors.Is and errors.As find them.
//   - A Retry-After is honoured: no attempt is made sooner. If the deadline does
//     not allow the wait, or it is longer than [MaxRetryAfter], there is none.
//   - Connections are used again, and no goroutine is started.
//
// The timeouts of a pipeline include the reading of the body. A stream that has
// no end needs a pipeline without.
//
// # What servers can rely on
//
//   - A handler sees the ResponseWriter it knows: Flush, Hijack, ReadFrom and
//     http.ResponseController work through all middleware of this package.
//   - Nothing is buffered, and no handler runs in another goroutine.
//   - Refusals are answered with [Refuse].
//
// # How deadlines travel
//
// A [Transport] sends the time that is left in [TimeoutHeader]; [Deadline] adopts
// it at the next service, whose own Transport sends what is left there. Work
// that nobody waits for any longer is so not begun anywhere. [AttemptHeader] says
// that a request is a repetition.
//
// # Cost
//
// A request through a Transport costs one allocation; a deadline costs four more
// for its context, and two for the header that sends it. Middleware costs one
// allocation for all, and Timeout thirteen more.
package backstayhttp
