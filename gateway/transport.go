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
		Proxy:                 nil,
		DialContext:           dialer.DialContext,
		ForceAttemptHTTP2:     true,
		TLSHandshakeTimeout:   5 * time.Second,
		ExpectContinueTimeout: time.Second,
		// The default of two idle connections an endpoint would dial anew for
		// nearly every request under load.
		MaxIdleConnsPerHost: 1024,
		IdleConnTimeout:     90 * time.Second,
		// What the client accepts goes to the upstream and back as it is.
		DisableCompression: true,
	}
}

// bufferSize is how much of a body is copied at once.
const bufferSize = 32 << 10

// bufferPool is an httputil.BufferPool.
type bufferPool struct{ pool sync.Pool }

// buffers are shared by all routes.
var buffers = &bufferPool{sync.Pool{New: func() any { return new([bufferSize]byte) }}}

func (b *bufferPool) Get() []byte { return b.pool.Get().(*[bufferSize]byte)[:] }

func (b *bufferPool) Put(buffer []byte) { b.pool.Put((*[bufferSize]byte)(buffer)) }
