package backstayhttp

import (
	"net/http"
	"sync/atomic"

	"github.com/backstay-go/backstay"
	"github.com/backstay-go/backstay/gate"
)

// Transport is an [http.RoundTripper] that sends requests through a pipeline.
//
//	client := &http.Client{Transport: &backstayhttp.Transport{Pipeline: users}}
//
// A request is attempted again only if that does no harm: its method is
// idempotent (GET, HEAD, OPTIONS, TRACE, PUT, DELETE), or it has an
// Idempotency-Key, or it was never sent because no connection could be made.
// And only if its body can be sent again, byte for byte: through GetBody, which
// http.NewRequest sets for bodies in memory. Other bodies are never buffered;
// they can be sent again only if nobody has read from them.
//
// A response with a failing status is a failure to the pipeline, but as with any
// http.Client it is a response to the caller: that of the last attempt. The
// others are drained, so that their connections can be used again.
//
// A call ends when the body of its response has been read or closed: until then
// the permits of the pipeline are held, and its timeouts apply. A switch to
// another protocol (101) ends the call at once, as what follows is no HTTP.
//
// The zero value sends requests as they are. A Transport is safe for concurrent
// use. It must not be changed or copied while in use.
type Transport struct {
	// Base sends the requests. If nil, http.DefaultTransport is used.
	Base http.RoundTripper
	// Pipeline is what each request goes through. If nil, requests are sent once.
	Pipeline *backstay.Pipeline
	// PerHost is a family of gates, one for each host (with its port) that is
	// requested. Each attempt passes its host's after the Gates of Pipeline. If
	// nil, there are none.
	PerHost gate.Keyed[string]
	// Check returns the failure that a response stands for, or nil if it is none.
	// It may look into the body if it leaves resp with a body to read. If nil,
	// CheckStatus is used.
	Check func(*http.Response) error

	timeout atomic.Pointer[timeoutText]
}

// RoundTrip implements [http.RoundTripper].
//
// An error is that of the last attempt, as [backstay.Pipeline.Do] returns it. A
// response whose body breaks off because of the pipeline's own timeout gives a
// [*backstay.TimeoutError] to its reader.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	x := &exchange{transport: t, request: req}
	defer x.abandon()
	resp, err := x.run()
	x.returned = true
	return resp, err
}

// CloseIdleConnections closes those of Base, for [http.Client.CloseIdleConnections].
func (t *Transport) CloseIdleConnections() {
	if base, ok := t.base().(interface{ CloseIdleConnections() }); ok {
		base.CloseIdleConnections()
	}
}

func (t *Transport) base() http.RoundTripper {
	if t.Base == nil {
		return http.DefaultTransport
	}
	return t.Base
}

// retries reports whether any request may be attempted more than once.
func (t *Transport) retries() bool { return t.Pipeline != nil && t.Pipeline.Retry != nil }

// failure returns the error that resp stands for.
func (t *Transport) failure(resp *http.Response) error {
	if t.Check == nil {
		return CheckStatus(resp)
	}
	return withRetryAfter(t.Check(resp), resp)
}
