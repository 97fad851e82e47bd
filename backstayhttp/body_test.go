package backstayhttp_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay-go/backstay"
	"github.com/backstay-go/backstay/backstayhttp"
	"github.com/backstay-go/backstay/bulkhead"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/retry"
)

func TestBodyIsReadableAfterRoundTrip(t *testing.T) {
	content := noise(10 << 20)
	var requests atomic.Int32
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if requests.Add(1)%2 == 1 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		_, _ = w.Write(content)
	})
	onBoth(t, h, func(t *testing.T, s *httptest.Server, base *http.Transport) {
		g := &recorder{}
		client := &http.Client{Transport: &backstayhttp.Transport{Base: base, Pipeline: &backstay.Pipeline{
			Admit: []gate.Gate{g}, Timeout: time.Hour, Retry: atOnce(3), AttemptTimeout: time.Minute,
		}}}
		resp, err := client.Do(newRequest(t, "GET", s.URL, nil))
		if err != nil {
			t.Fatal(err)
		}
		if held, _ := g.state(); held != 1 {
			t.Errorf("%d permits are held while the body is read, want 1", held)
		}
		if got := readAll(t, resp); got != string(content) {
			t.Errorf("got %d bytes, want the %d that were sent", len(got), len(content))
		}
		if held, _ := g.state(); held != 0 {
			t.Errorf("%d permits are held after the end of the body, want none", held)
		}
	})
}

// The permit ends with the body, not with the headers.
func TestBulkheadHoldsUntilTheBodyIsClosed(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(noise(1 << 10)) })
	onBoth(t, h, func(t *testing.T, s *httptest.Server, base *http.Transport) {
		limit := bulkhead.New(bulkhead.Config{Limit: 2})
		client := &http.Client{Transport: &backstayhttp.Transport{Base: base, Pipeline: &backstay.Pipeline{Gates: []gate.Gate{limit}}}}
		get := func() (*http.Response, error) {
			ctx, cancel := context.WithCancel(t.Context())
			cancelled := newRequest(t, "GET", s.URL, nil).WithContext(ctx)
			t.Cleanup(cancel)
			return client.Do(cancelled)
		}
		var open []*http.Response
		for range 2 {
			resp, err := get()
			if err != nil {
				t.Fatal(err)
			}
			open = append(open, resp)
		}
		if permit, err := tryAcquire(limit); err == nil {
			permit.Done(nil)
			t.Error("a third call was admitted while two bodies are open")
		}
		open[0].Body.Close() // unread
		readAll(t, open[1])
		for range 2 {
			permit, err := tryAcquire(limit)
			if err != nil {
				t.Fatalf("after the bodies were closed: %v, want a permit", err)
			}
			defer permit.Done(nil)
		}
	})
}

// tryAcquire asks g without waiting.
func tryAcquire(g gate.Gate) (gate.Permit, error) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return g.Acquire(ctx)
}

// How the end of a body is told to the gates.
func TestEndOfBody(t *testing.T) {
	torn := errors.New("connection reset by peer")
	tests := []struct {
		name string
		read func(cancel func(), body io.ReadCloser) error
		want string
	}{
		{"read", func(_ func(), body io.ReadCloser) error { _, err := io.Copy(io.Discard, body); return err }, "success"},
		{"closed unread", func(_ func(), body io.ReadCloser) error { return body.Close() }, "success"},
		{"closed twice", func(_ func(), body io.ReadCloser) error { return errors.Join(body.Close(), body.Close()) }, "success"},
		{"torn", func(_ func(), body io.ReadCloser) error {
			_, err := io.Copy(io.Discard, io.LimitReader(body, 1<<20))
			if err != torn {
				return fmt.Errorf("reading = %v, want %v", err, torn)
			}
			return nil
		}, "failure"},
		{"abandoned", func(cancel func(), body io.ReadCloser) error {
			cancel()
			_, _ = io.Copy(io.Discard, body)
			return nil
		}, "ignored"},
		{"closed, then read", func(_ func(), body io.ReadCloser) error {
			body.Close()
			_, _ = body.Read(make([]byte, 1))
			return nil
		}, "success"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := &recorder{}
			transport := &backstayhttp.Transport{
				Base: baseFunc(func(r *http.Request) (*http.Response, error) {
					resp := answer(r, 200, "")
					content := io.Reader(strings.NewReader("whole"))
					if test.name == "torn" || test.name == "abandoned" {
						content = io.MultiReader(content, failingReader{torn})
					}
					resp.Body = &closeNoter{Reader: content}
					return resp, nil
				}),
				Pipeline: &backstay.Pipeline{Gates: []gate.Gate{g}},
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			resp, err := transport.RoundTrip(newRequest(t, "GET", "http://users/", nil).WithContext(ctx))
			if err != nil {
				t.Fatal(err)
			}
			if err := test.read(cancel, resp.Body); err != nil {
				t.Error(err)
			}
			resp.Body.Close()
			if got := g.outcomes(); got != test.want {
				t.Errorf("the gate was told %s, want %s", got, test.want)
			}
		})
	}
}

type failingReader struct{ err error }

func (f failingReader) Read([]byte) (int, error) { return 0, f.err }

// A response without a body has ended when it is there.
func TestNoBodyEndsAtOnce(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) })
	onBoth(t, h, func(t *testing.T, s *httptest.Server, base *http.Transport) {
		g := &recorder{}
		client := &http.Client{Transport: &backstayhttp.Transport{Base: base, Pipeline: &backstay.Pipeline{Gates: []gate.Gate{g}, Timeout: time.Hour}}}
		resp, err := client.Do(newRequest(t, "GET", s.URL, nil))
		if err != nil {
			t.Fatal(err)
		}
		if got := g.outcomes(); got != "success" {
			t.Errorf("before Close the gate was told %q, want success", got)
		}
		resp.Body.Close()
	})
}

func TestTimeoutEndsTheBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &recorder{}
		transport := &backstayhttp.Transport{
			Base: baseFunc(func(r *http.Request) (*http.Response, error) {
				resp := answer(r, 200, "")
				resp.Body = io.NopCloser(io.MultiReader(strings.NewReader("half"), hang{r.Context()}))
				return resp, nil
			}),
			Pipeline: &backstay.Pipeline{Name: "users", Timeout: time.Second, Retry: atOnce(3), Gates: []gate.Gate{g}},
		}
		begun := time.Now()
		resp, err := transport.RoundTrip(newRequest(t, "GET", "http://users/", nil))
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(resp.Body)
		if timeout, ok := errors.AsType[*backstay.TimeoutError](err); !ok || timeout.Name != "users" || string(content) != "half" {
			t.Errorf("read %q, %v; want half and the timeout of users", content, err)
		}
		if took := time.Since(begun); took != time.Second || g.outcomes() != "failure" {
			t.Errorf("after %v the gate was told %s, want failure after 1s", took, g.outcomes())
		}
		resp.Body.Close()
	})
}

// hang is a reader that waits for a context.
type hang struct{ ctx context.Context }

func (h hang) Read([]byte) (int, error) { <-h.ctx.Done(); return 0, h.ctx.Err() }

func TestAttemptTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		client := &http.Client{Transport: &backstayhttp.Transport{
			Base: baseFunc(func(r *http.Request) (*http.Response, error) {
				if sent++; sent < 3 {
					<-r.Context().Done()
					return nil, context.Cause(r.Context())
				}
				return answer(r, 200, "at last"), nil
			}),
			Pipeline: &backstay.Pipeline{Retry: atOnce(2), AttemptTimeout: time.Second},
		}}
		_, err := client.Do(newRequest(t, "GET", "http://users/", nil))
		var timeout interface{ Timeout() bool }
		if !errors.As(err, &timeout) || !timeout.Timeout() || !errors.Is(err, retry.ErrExhausted) || sent != 2 {
			t.Errorf("error %v after %d attempts, want a timeout after 2", err, sent)
		}
		sent = 1
		resp, err := client.Do(newRequest(t, "GET", "http://users/", nil))
		if err != nil || readAll(t, resp) != "at last" {
			t.Errorf("%v, want the response of the second attempt", err)
		}
	})
}

// Reading and closing may happen in different goroutines.
func TestCloseWhileReading(t *testing.T) {
	for range 100 {
		g := &recorder{}
		r, w := io.Pipe()
		transport := &backstayhttp.Transport{
			Base: baseFunc(func(req *http.Request) (*http.Response, error) {
				resp := answer(req, 200, "")
				resp.Body = r
				return resp, nil
			}),
			Pipeline: &backstay.Pipeline{Gates: []gate.Gate{g}, Timeout: time.Hour},
		}
		resp, err := transport.RoundTrip(newRequest(t, "GET", "http://users/", nil))
		if err != nil {
			t.Fatal(err)
		}
		var readers sync.WaitGroup
		readers.Go(func() { _, _ = io.Copy(io.Discard, resp.Body) })
		_, _ = w.Write([]byte("some"))
		resp.Body.Close()
		readers.Wait()
		if got := g.outcomes(); got != "success" {
			t.Fatalf("the gate was told %q, want success, once", got)
		}
	}
}

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

func TestConnectionsAreReused(t *testing.T) {
	var requests atomic.Int32
	s := httptest.NewUnstartedServer(failTwice(&requests, bytes.Repeat([]byte("sorry "), 5000)))
	var connections atomic.Int32
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	s.Start()
	defer s.Close()
	base := newBase(s)
	defer base.CloseIdleConnections()
	var open atomic.Int32
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
		resp, err := client.Do(newRequest(t, "GET", s.URL, nil))
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
}

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

// A caller who has gone is no failure of the server, and is not served again.
func TestCallerGone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	entered := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		entered <- struct{}{}
		<-r.Context().Done()
	}))
	defer s.Close()
	base := newBase(s)
	defer base.CloseIdleConnections()
	g := &recorder{}
	client := &http.Client{Transport: &backstayhttp.Transport{Base: base, Pipeline: &backstay.Pipeline{Retry: atOnce(3), Gates: []gate.Gate{g}}}}
	var caller sync.WaitGroup
	caller.Go(func() {
		_, err := client.Do(newRequest(t, "GET", s.URL, nil).WithContext(ctx))
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want a cancellation", err)
		}
	})
	<-entered
	cancel()
	caller.Wait()
	if got := g.outcomes(); got != "ignored" {
		t.Errorf("the gate was told %q, want one attempt, ignored", got)
	}
}
