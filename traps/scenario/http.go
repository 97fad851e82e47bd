package scenario

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/backstay-go/backstay/traps/driver"
)

// client returns a client whose attempts go to base, with short delays.
func (s *Scene) client(base http.RoundTripper, c driver.ClientConfig) *http.Client {
	driver.Need(s.impl.Client == nil, "HTTP client")
	c.Base = base
	if c.Attempts == 0 {
		c.Attempts = 3
	}
	if c.BaseDelay == 0 {
		c.BaseDelay, c.MaxDelay = time.Millisecond, 4*time.Millisecond
	}
	return &http.Client{Transport: s.impl.Client(c)}
}

func (s *Scene) middleware(c driver.MiddlewareConfig, next http.HandlerFunc) http.Handler {
	driver.Need(s.impl.Middleware == nil, "HTTP middleware")
	return s.impl.Middleware(c)(next)
}

// request makes a request to url, or to nowhere in particular.
func (s *Scene) request(ctx context.Context, method, url string, body io.Reader) *http.Request {
	if url == "" {
		url = "http://upstream.test/"
	}
	r, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		panic(err)
	}
	return r
}

// drop closes the response of a call that may have none.
func drop(resp *http.Response, _ error) {
	if resp != nil {
		resp.Body.Close()
	}
}

// upstream is a transport that answers by itself, without sockets.
type upstream func(*http.Request) (*http.Response, error)

func (u upstream) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := u(r)
	if r.Body != nil {
		r.Body.Close()
	}
	return resp, err
}

// answer makes the response with the status, the headers (in pairs) and a short
// body.
func answer(r *http.Request, status int, headers ...string) *http.Response {
	resp := &http.Response{
		StatusCode: status, Status: http.StatusText(status), Request: r,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: make(http.Header), Body: io.NopCloser(strings.NewReader("body")), ContentLength: 4,
	}
	for i := 0; i+1 < len(headers); i += 2 {
		resp.Header.Set(headers[i], headers[i+1])
	}
	return resp
}

// serve sends one request to a handler.
func serve(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// server starts a server on a real socket, with TLS and HTTP/2 if h2, and
// counts its connections if connections is not nil.
func (s *Scene) server(h http.HandlerFunc, h2 bool, connections *atomic.Int64) *httptest.Server {
	server := httptest.NewUnstartedServer(h)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew && connections != nil {
			connections.Add(1)
		}
	}
	if h2 {
		server.EnableHTTP2 = true
		server.StartTLS()
	} else {
		server.Start()
	}
	s.Cleanup(server.Close)
	s.Cleanup(server.Client().CloseIdleConnections)
	return server
}

// pipeListener is a network without sockets, so that a server and its clients
// can live under virtual time.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

func (l *pipeListener) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}
