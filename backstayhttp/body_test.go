package backstayhttp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
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
