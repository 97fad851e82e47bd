package backstayhttp_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/backstay-go/backstay/backstayhttp"
	"github.com/backstay-go/backstay/gate"
)

// everything wraps a handler in all the middleware there is.
func everything(h http.HandlerFunc) http.Handler {
	g := &recorder{}
	return backstayhttp.Chain(h,
		backstayhttp.Recover(),
		backstayhttp.Deadline(),
		backstayhttp.Priority(func(*http.Request) gate.Priority { return gate.Sheddable }),
		stranger,
		backstayhttp.Guard(g),
		backstayhttp.GuardKeyed(&hosts{}, backstayhttp.RemoteIP),
		backstayhttp.Timeout(time.Hour))
}

// The writer has the methods that handlers ask for, and only those.
func TestWriterInterfaces(t *testing.T) {
	h := everything(func(w http.ResponseWriter, r *http.Request) {
		_, flusher := w.(http.Flusher)
		_, hijacker := w.(http.Hijacker)
		_, readerFrom := w.(io.ReaderFrom)
		_, stringWriter := w.(io.StringWriter)
		fmt.Fprint(w, flusher, stringWriter, hijacker == (r.ProtoMajor == 1), readerFrom == (r.ProtoMajor == 1))
	})
	onBoth(t, h, func(t *testing.T, s *httptest.Server, base *http.Transport) {
		resp, err := base.RoundTrip(newRequest(t, "GET", s.URL, nil))
		if err != nil {
			t.Fatal(err)
		}
		if got := readAll(t, resp); got != "true true true true" {
			t.Errorf("Flusher, StringWriter, Hijacker, ReaderFrom as the connection is: %s", got)
		}
	})
}

func TestFlushReachesTheClient(t *testing.T) {
	read := make(chan struct{})
	h := everything(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "data: 1\n\n")
		w.(http.Flusher).Flush()
		<-read // the client has it, and the handler goes on
		fmt.Fprint(w, "data: 2\n\n")
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Errorf("Flush of the controller: %v", err)
		}
		<-read
	})
	onBoth(t, h, func(t *testing.T, s *httptest.Server, base *http.Transport) {
		resp, err := base.RoundTrip(newRequest(t, "GET", s.URL, nil))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		lines := bufio.NewReader(resp.Body)
		for i := 1; i <= 2; i++ {
			line, err := lines.ReadString('\n')
			if line != fmt.Sprintf("data: %d\n", i) {
				t.Fatalf("event %d: %q, %v", i, line, err)
			}
			_, _ = lines.ReadString('\n')
			read <- struct{}{}
		}
	})
}

// An event stream outlives the server's WriteTimeout, as its handler lifts it
// through http.ResponseController.
func TestStreamOutlivesWriteTimeout(t *testing.T) {
	for _, lift := range []bool{true, false} {
		s := httptest.NewUnstartedServer(everything(func(w http.ResponseWriter, _ *http.Request) {
			if lift {
				if err := http.NewResponseController(w).SetWriteDeadline(time.Time{}); err != nil {
					t.Errorf("SetWriteDeadline: %v", err)
				}
			}
			fmt.Fprint(w, "data: 1\n\n")
			w.(http.Flusher).Flush()
		}))
		s.Config.WriteTimeout = time.Nanosecond // has passed when the handler begins
		s.Start()
		base := newBase(s)
		resp, err := base.RoundTrip(newRequest(t, "GET", s.URL, nil))
		if (err == nil) != lift {
			t.Errorf("with the deadline lifted %v: %v", lift, err)
		}
		if err == nil {
			if got := readAll(t, resp); got != "data: 1\n\n" {
				t.Errorf("got %q, want the event", got)
			}
		}
		base.CloseIdleConnections()
		s.Close()
	}
}

func TestHijack(t *testing.T) {
	hijacks := map[string]func(http.ResponseWriter) (net.Conn, *bufio.ReadWriter, error){
		"assertion": func(w http.ResponseWriter) (net.Conn, *bufio.ReadWriter, error) { return w.(http.Hijacker).Hijack() },
		"controller": func(w http.ResponseWriter) (net.Conn, *bufio.ReadWriter, error) {
			return http.NewResponseController(w).Hijack()
		},
	}
	for name, hijack := range hijacks {
		s := httptest.NewServer(everything(func(w http.ResponseWriter, r *http.Request) {
			conn, rw, err := hijack(w)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				return
			}
			defer conn.Close()
			_, limited := r.Context().Deadline()
			fmt.Fprintf(rw, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nmine, with a deadline: %v", limited)
			rw.Flush()
		}))
		resp, err := s.Client().Get(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		if got := readAll(t, resp); got != "mine, with a deadline: false" {
			t.Errorf("%s: got %q", name, got)
		}
		s.Close()
	}
}

func TestHijackIsRefusedByHTTP2(t *testing.T) {
	s := httptest.NewUnstartedServer(everything(func(w http.ResponseWriter, _ *http.Request) {
		_, _, err := http.NewResponseController(w).Hijack()
		fmt.Fprint(w, errors.Is(err, http.ErrNotSupported))
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	resp, err := s.Client().Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, resp); got != "true" || resp.ProtoMajor != 2 {
		t.Errorf("HTTP/%d: ErrNotSupported %s, want true", resp.ProtoMajor, got)
	}
}

func TestReadFrom(t *testing.T) {
	torn := errors.New("disk is gone")
	tests := []struct {
		name    string
		content io.Reader
		status  int
		body    string
		told    string
	}{
		{"whole", strings.NewReader("content"), 200, "content", "success"},
		{"nothing", failingReader{torn}, 500, "", "failure"},
	}
	for _, test := range tests {
		g := &recorder{}
		s := httptest.NewServer(backstayhttp.Guard(g)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if _, err := w.(io.ReaderFrom).ReadFrom(test.content); err != nil {
				w.WriteHeader(http.StatusInternalServerError)
			}
		})))
		resp, err := s.Client().Get(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		if got := readAll(t, resp); got != test.body || resp.StatusCode != test.status {
			t.Errorf("%s: status %d, %q; want %d, %q", test.name, resp.StatusCode, got, test.status, test.body)
		}
		s.Close()
		if got := g.outcomes(); got != test.told {
			t.Errorf("%s: the gate was told %s, want %s", test.name, got, test.told)
		}
	}
}
