// Package conn is how the gateway talks to upstreams: a tuned transport, and
// the buffers that bodies are copied through.
package conn

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// NewTransport returns the connections to one upstream.
func NewTransport() *http.Transport {
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

// Buffers is an httputil.BufferPool.
type Buffers struct{ pool sync.Pool }

// NewBuffers returns an empty pool.
func NewBuffers() *Buffers {
	return &Buffers{sync.Pool{New: func() any { return new([bufferSize]byte) }}}
}

// Get implements httputil.BufferPool.
func (b *Buffers) Get() []byte { return b.pool.Get().(*[bufferSize]byte)[:] }

// Put implements httputil.BufferPool.
func (b *Buffers) Put(buffer []byte) { b.pool.Put((*[bufferSize]byte)(buffer)) }
