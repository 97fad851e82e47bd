package backstayhttp

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"

	"github.com/backstay-go/backstay/gate"
)

// repeatable reports whether the request may be sent again after the attempt
// under way failed. Whether it will be is for the pipeline to say.
func (x *exchange) repeatable(resp *http.Response, failure error) bool {
	if !x.transport.retries() || !x.rewindable() {
		return false
	}
	if resp != nil {
		return idempotent(x.request) && !asksTooLong(resp)
	}
	if _, bad := errors.AsType[*tls.CertificateVerificationError](failure); bad {
		return false
	}
	return idempotent(x.request) || neverSent(failure)
}

// idempotent reports whether sending r twice does no more than sending it once:
// by its method (RFC 9110, section 9.2.2), or because the server tells copies
// apart by a key. These are the headers that net/http looks at, too.
func idempotent(r *http.Request) bool {
	switch r.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodPut, http.MethodDelete:
		return true
	}
	_, key := r.Header["Idempotency-Key"]
	_, xKey := r.Header["X-Idempotency-Key"]
	return key || xKey
}

// neverSent reports whether err proves that not a byte of the request left: a
// gate refused it, or there was no connection to the server or its proxy.
func neverSent(err error) bool {
	if errors.Is(err, gate.ErrRejected) {
		return true
	}
	op, ok := errors.AsType[*net.OpError](err)
	return ok && (op.Op == "dial" || op.Op == "proxyconnect" || op.Op == "socks connect")
}

// rewindable reports whether the body of the request can be sent from its
// beginning.
func (x *exchange) rewindable() bool {
	r := x.request
	if r.Body == nil || r.Body == http.NoBody || r.GetBody != nil || !x.handed {
		return true
	}
	return x.upload != nil && x.upload.untouched()
}

// openBody gives req, the request of the attempt under way, its body.
func (x *exchange) openBody(req *http.Request) error {
	r := x.request
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	fresh := !x.handed
	x.handed = true
	switch {
	case r.GetBody == nil && x.transport.retries():
		x.upload = &upload{body: r.Body}
		req.Body = x.upload
	case !fresh:
		body, err := r.GetBody()
		if err != nil {
			return fmt.Errorf("send the request body again: %w", err)
		}
		req.Body = body
	}
	return nil
}

// closeRequest closes the caller's body if Base has not been given it, or has
// closed it in vain: a RoundTripper closes the body of every request.
func (x *exchange) closeRequest() {
	switch {
	case x.upload != nil:
		x.upload.finish()
	case !x.handed && x.request.Body != nil:
		x.request.Body.Close()
	}
	x.handed = true
}

// upload is a request body that cannot be had again. Closing it before anybody
// has read from it leaves the caller's body open, so that another attempt can
// send it.
type upload struct {
	body io.ReadCloser

	mu     sync.Mutex
	read   bool
	closed bool
	last   bool // there is no other attempt
}

// Read implements io.Reader.
func (u *upload) Read(p []byte) (int, error) {
	u.mu.Lock()
	closed := u.closed
	u.read = true
	u.mu.Unlock()
	if closed {
		return 0, http.ErrBodyReadAfterClose
	}
	return u.body.Read(p)
}

// Close implements io.Closer.
func (u *upload) Close() error {
	u.mu.Lock()
	spare := !u.read && !u.last
	again := u.closed
	u.closed = true
	u.mu.Unlock()
	if spare || again {
		return nil
	}
	return u.body.Close()
}

// untouched reports whether the body has been closed without being read. Before
// that Base may still read from it.
func (u *upload) untouched() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.closed && !u.read
}

// finish says that no other attempt will send the body.
func (u *upload) finish() {
	u.mu.Lock()
	spared := u.closed && !u.read && !u.last
	u.last = true
	u.mu.Unlock()
	if spared {
		u.body.Close()
	}
}
