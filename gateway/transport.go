package gateway

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// newTransport returns the connections to one upstream.
func newTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: 2 * time.Second, KeepAlive: 15 * time.Second}
	return &http.Transport{
		// No proxy from the environment: the configuration alone says where
		// requests go.
		Proxy:               nil,
		DialContext:         dialer.DialContext,
		ForceAttemptHTTP2:   true,
		TLSHandshakeTimeout: 5 * time.Second,
		// The default of two idle connections an endpoint would dial anew for
		// nearly every request under load.
		MaxIdleConnsPerHost: 1024,
		IdleConnTimeout:     90 * time.Second,
		// What the client accepts goes to the upstream and back as it is.
		DisableCompression: true,
	}
}

// copyBufferSize is how much of a response body is copied at once.
const copyBufferSize = 32 << 10

// buffers is the httputil.BufferPool of all routes.
type buffers struct{ pool sync.Pool }

var copyBuffers = &buffers{pool: sync.Pool{New: func() any { return new([copyBufferSize]byte) }}}

func (b *buffers) Get() []byte { return b.pool.Get().(*[copyBufferSize]byte)[:] }

func (b *buffers) Put(buffer []byte) { b.pool.Put((*[copyBufferSize]byte)(buffer)) }
