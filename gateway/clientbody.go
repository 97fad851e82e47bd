package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// clientBody is the body of a client's request. It knows who keeps it from being
// sent: what the client does wrong must not count against the upstream, or a few
// clients could close a route to all others.
type clientBody struct {
	io.ReadCloser
	client *http.ResponseController
	state  atomic.Int32
	late   atomic.Bool // the attempt that reads it has run out of time
}

// The states of a clientBody.
const (
	idle    int32 = iota // the client has sent what was asked for so far
	waiting              // for the client
	stalled              // the client has not sent it in time
	broken               // what the client has sent is no body
)

// The errors of an attempt that the client has spoiled. As cancellations they
// are no failures to the policies.
var (
	errStalled = fmt.Errorf("the body of the request did not come in time: %w", context.Canceled)
	errBroken  = fmt.Errorf("the body of the request is malformed: %w", context.Canceled)
)

// take makes b the body of r, a request that w answers.
func (b *clientBody) take(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength == 0 || r.Body == nil {
		return
	}
	b.ReadCloser, b.client = r.Body, http.NewResponseController(w)
	r.Body = b
}

// Read implements io.Reader.
func (b *clientBody) Read(p []byte) (int, error) {
	b.state.Store(waiting) // before late is read: interrupt does it the other way round
	if b.late.Load() {
		b.state.Store(stalled)
		return 0, errStalled
	}
	n, err := b.ReadCloser.Read(p)
	switch {
	case err == nil || err == io.EOF:
		b.state.Store(idle)
	case b.late.Load():
		b.state.Store(stalled)
	default:
		b.state.Store(broken)
	}
	return n, err
}

// interrupt ends a Read that waits for the client. The transport would wait for
// it, whatever becomes of the context.
func (b *clientBody) interrupt() {
	b.late.Store(true)
	if b.state.Load() == waiting {
		_ = b.client.SetReadDeadline(time.Unix(1, 0))
	}
}

// blame returns the error of an attempt that has failed with err: another one if
// it is the client's fault.
func (b *clientBody) blame(err error) error {
	switch b.state.Load() {
	case stalled:
		return errStalled
	case broken:
		return errBroken
	default:
		return err
	}
}

// spoiled reports whether err is the client's fault.
func spoiled(err error) bool { return errors.Is(err, errStalled) || errors.Is(err, errBroken) }

// answerSpoiled answers a request that the client has spoiled. A client that has
// gone away gets nothing.
func answerSpoiled(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, errStalled):
		writeProblem(w, r, http.StatusRequestTimeout, "the body of the request did not come in time")
	case errors.Is(err, errBroken):
		writeProblem(w, r, http.StatusBadRequest, "the body of the request is malformed")
	}
}
