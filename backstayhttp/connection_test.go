package backstayhttp_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay-go/backstay"
	"github.com/backstay-go/backstay/backstayhttp"
	"github.com/backstay-go/backstay/gate"
)

func TestSwitchingProtocols(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		fmt.Fprint(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		rw.Flush()
		line, _ := rw.ReadString('\n')
		fmt.Fprint(rw, line)
		rw.Flush()
	}))
	defer s.Close()
	base := newBase(s)
	g := &recorder{}
	transport := &backstayhttp.Transport{Base: base, Pipeline: &backstay.Pipeline{Timeout: time.Hour, Retry: atOnce(3), Gates: []gate.Gate{g}}}
	req := newRequest(t, "GET", s.URL, nil)
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "echo")
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	if got := g.outcomes(); got != "success" {
		t.Errorf("the gate was told %q, want success: the call is over", got)
	}
	conn, ok := resp.Body.(io.ReadWriteCloser)
	if !ok {
		t.Fatalf("the body is a %T, want one to write to", resp.Body)
	}
	defer conn.Close()
	fmt.Fprint(conn, "hello\n")
	if line, err := bufio.NewReader(conn).ReadString('\n'); line != "hello\n" {
		t.Errorf("read %q, %v; want the echo", line, err)
	}
}

// failTwice answers each call's first two attempts with a body to be discarded.
func failTwice(requests *atomic.Int32, failure []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if requests.Add(1)%3 != 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write(failure)
			return
		}
		fmt.Fprint(w, "fine")
	})
}

// Over pipes and in virtual time, since net/http gives up a connection whose
// request takes 50 ms to be written, as on a busy machine it may.
func TestConnectionsAreReused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var requests, connections, open atomic.Int32
		pipes := &pipeListener{conns: make(chan net.Conn), shut: make(chan struct{})}
		s := &http.Server{Handler: failTwice(&requests, bytes.Repeat([]byte("sorry "), 5000))}
		go func() { _ = s.Serve(pipes) }()
		defer s.Close()
		base := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
			connections.Add(1)
			return pipes.dial(), nil
		}}
		defer base.CloseIdleConnections()
		client := &http.Client{Transport: &backstayhttp.Transport{
			Base: baseFunc(func(r *http.Request) (*http.Response, error) {
				resp, err := base.RoundTrip(r)
				if err == nil {
					open.Add(1)
					resp.Body = &countedBody{ReadCloser: resp.Body, open: &open}
				}
				return resp, err
			}),
			Pipeline: &backstay.Pipeline{Timeout: time.Hour, Retry: atOnce(3), AttemptTimeout: time.Minute},
		}}
		for range 10 {
			resp, err := client.Do(newRequest(t, "GET", "http://users/", nil))
			if err != nil {
				t.Fatal(err)
			}
			if got := readAll(t, resp); got != "fine" {
				t.Errorf("got %q, want fine", got)
			}
		}
		if requests.Load() != 30 || connections.Load() != 1 || open.Load() != 0 {
			t.Errorf("%d requests over %d connections, %d bodies left open; want 30, 1 and 0", requests.Load(), connections.Load(), open.Load())
		}
	})
}

// pipeListener accepts connections that never leave the process.
type pipeListener struct {
	conns chan net.Conn
	once  sync.Once
	shut  chan struct{}
}

func (l *pipeListener) dial() net.Conn {
	server, client := net.Pipe()
	l.conns <- server
	return client
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.shut:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { l.once.Do(func() { close(l.shut) }); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// countedBody is a body that leaves the count of open ones when it is closed.
type countedBody struct {
	io.ReadCloser
	once sync.Once
	open *atomic.Int32
}

func (b *countedBody) Close() error {
	b.once.Do(func() { b.open.Add(-1) })
	return b.ReadCloser.Close()
}

// A call starts no goroutine and leaves nothing behind in its context, however
// long that lives.
func TestNoGoroutines(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	before := runtime.NumGoroutine()
	most := 0
	transport := &backstayhttp.Transport{
		Base: baseFunc(func(r *http.Request) (*http.Response, error) {
			most = max(most, runtime.NumGoroutine())
			return answer(r, 200, "fine"), nil
		}),
		Pipeline: &backstay.Pipeline{Timeout: time.Hour, Retry: atOnce(3), AttemptTimeout: time.Minute},
	}
	var bodies []io.ReadCloser
	for range 100 {
		resp, err := transport.RoundTrip(newRequest(t, "GET", "http://users/", nil).WithContext(ctx))
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, resp.Body)
	}
	if most > before {
		t.Errorf("%d goroutines with 100 open bodies, want the %d there were", most, before)
	}
	for _, body := range bodies {
		body.Close()
	}
}

func TestDiscard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tests := []struct {
			name  string
			body  io.Reader
			size  int64
			read  int64 // at most
			takes time.Duration
		}{
			{"small", &zeros{1000}, 1000, 1000, 0},
			{"of unknown length", &zeros{1 << 30}, -1, 64 << 10, 0},
			{"known to be large", &zeros{1 << 30}, 1 << 30, 0, 0},
			{"that never ends", nil, -1, 0, 250 * time.Millisecond},
		}
		for _, test := range tests {
			r, w := io.Pipe()
			body := &countedReads{Reader: test.body, Closer: r}
			if test.body == nil {
				body.Reader = r
			}
			sent := 0
			transport := &backstayhttp.Transport{
				Base: baseFunc(func(req *http.Request) (*http.Response, error) {
					if sent++; sent > 1 {
						return answer(req, 200, "fine"), nil
					}
					resp := answer(req, 503, "")
					resp.Body, resp.ContentLength = body, test.size
					return resp, nil
				}),
				Pipeline: &backstay.Pipeline{Retry: atOnce(2)},
			}
			begun := time.Now()
			resp, err := transport.RoundTrip(newRequest(t, "GET", "http://users/", nil))
			if err != nil || readAll(t, resp) != "fine" {
				t.Errorf("a body %s: %v, want the second response", test.name, err)
			}
			if took := time.Since(begun); took != test.takes || body.read > test.read {
				t.Errorf("a body %s: %d bytes read in %v, want at most %d in %v", test.name, body.read, took, test.read, test.takes)
			}
			if _, err := w.Write([]byte("x")); err != io.ErrClosedPipe {
				t.Errorf("a body %s is still open", test.name)
			}
		}
	})
}

// countedReads is a body that knows how much was read of it.
type countedReads struct {
	io.Reader
	io.Closer
	read int64
}

func (c *countedReads) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.read += int64(n)
	return n, err
}
