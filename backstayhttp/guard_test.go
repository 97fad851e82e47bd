package backstayhttp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/backstay-go/backstay/backstayhttp"
	"github.com/backstay-go/backstay/breaker"
	"github.com/backstay-go/backstay/gate"
)

func status(code int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })
}

func TestGuardTellsTheStatus(t *testing.T) {
	refused := &recorder{refusal: &gate.RejectedError{Policy: "bulkhead"}}
	tests := []struct {
		name    string
		handler http.Handler
		want    string
	}{
		{"nothing written", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), "success"},
		{"body alone", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "fine") }), "success"},
		{"string alone", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "fine") }), "success"},
		{"404", status(404), "success"},
		{"429", status(429), "success"},
		{"499", status(499), "ignored"},
		{"500", status(500), "failure"},
		{"503", status(503), "failure"},
		{"early hints, then 500", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusInternalServerError)
		}), "failure"},
		{"500 after the body began", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "fine")
			w.WriteHeader(http.StatusInternalServerError)
		}), "success"},
		{"refused further in", backstayhttp.Guard(refused)(status(200)), "ignored"},
		{"refused behind a stranger's wrapper", stranger(backstayhttp.Guard(refused)(status(200))), "ignored"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := &recorder{}
			backstayhttp.Guard(g)(test.handler).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
			if got := g.outcomes(); got != test.want {
				t.Errorf("the gate was told %q, want %s", got, test.want)
			}
		})
	}
}

// stranger is middleware that wraps the writer as others do.
func stranger(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(wrapper{w}, r) })
}

type wrapper struct{ http.ResponseWriter }

func (w wrapper) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func TestGuardHoldsWhileTheHandlerRuns(t *testing.T) {
	g := &recorder{}
	h := backstayhttp.Guard(g)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if held, _ := g.state(); held != 1 {
			t.Errorf("%d permits are held while the handler runs, want 1", held)
		}
	}))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	if held, _ := g.state(); held != 0 {
		t.Errorf("%d permits are held after the handler, want none", held)
	}
}

func TestGuardSurvivesPanic(t *testing.T) {
	g := &recorder{}
	h := backstayhttp.Guard(g)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("on purpose") }))
	defer func() {
		_, told := g.state()
		if reason := recover(); reason != "on purpose" || !slices.Equal(told, []error{gate.ErrPanicked}) {
			t.Errorf("recovered %v, the gate was told %v; want the panic, and %v", reason, told, gate.ErrPanicked)
		}
	}()
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
}

// What a handler makes of a client that went away is no failure.
func TestClientGone(t *testing.T) {
	handlers := map[string]func(http.ResponseWriter){
		"answers 500":    func(w http.ResponseWriter) { w.WriteHeader(500) },
		"answers 499":    func(w http.ResponseWriter) { w.WriteHeader(499) },
		"writes nothing": func(http.ResponseWriter) {},
		"aborts":         func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
	}
	for name, answer := range handlers {
		g := &recorder{}
		entered := make(chan struct{})
		left := make(chan struct{})
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer close(left)
			backstayhttp.Guard(g)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				close(entered)
				<-r.Context().Done()
				answer(w)
			})).ServeHTTP(w, r)
		}))
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-entered; cancel() }()
		_, err := s.Client().Do(newRequest(t, "GET", s.URL, nil).WithContext(ctx))
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the client got %v, want its own cancellation", err)
		}
		<-left
		if got := g.outcomes(); got != "ignored" {
			t.Errorf("a handler that %s: the gate was told %q, want ignored", name, got)
		}
		s.Close()
	}
}

// A breaker in front of a handler that keeps answering 500 opens.
func TestBreakerSeesHandlersFail(t *testing.T) {
	b := breaker.New(breaker.Config{Name: "reports", Consecutive: 3, Cooldown: time.Minute})
	h := backstayhttp.Guard(b)(status(500))
	var codes []int
	var last *httptest.ResponseRecorder
	for range 4 {
		last = httptest.NewRecorder()
		h.ServeHTTP(last, httptest.NewRequest("GET", "/", nil))
		codes = append(codes, last.Code)
	}
	if want := []int{500, 500, 500, 503}; !slices.Equal(codes, want) {
		t.Errorf("statuses %v, want %v", codes, want)
	}
	if after := last.Header().Get("Retry-After"); after == "" || after == "0" {
		t.Errorf("Retry-After is %q, want the rest of the cooldown", after)
	}
	if strings.Contains(last.Body.String(), "reports") {
		t.Errorf("the body names the instance: %s", last.Body)
	}
}

func TestGuardKeyed(t *testing.T) {
	family := &hosts{shut: "192.0.2.1"} // the address of httptest.NewRequest
	h := backstayhttp.Chain(status(204), backstayhttp.GuardKeyed(family, backstayhttp.RemoteIP))
	for addr, want := range map[string]int{"192.0.2.1:1": 503, "192.0.2.2:1": 204} {
		w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = addr
		r.Header.Set("X-Forwarded-For", "192.0.2.1") // says nothing
		h.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("from %s: status %d, want %d", addr, w.Code, want)
		}
	}
}

func TestRemoteIP(t *testing.T) {
	tests := map[string]string{
		"192.0.2.1:80":                  "192.0.2.1",
		"[::ffff:192.0.2.1]:80":         "192.0.2.1",
		"[2001:db8:1:2:3:4:5:6]:80":     "2001:db8:1:2::/64",
		"[2001:db8:1:2:ffff::1]:443":    "2001:db8:1:2::/64",
		"[fe80::1%eth0]:80":             "fe80::/64",
		"[::1]:80":                      "::/64",
		"@":                             "@",
		"":                              "",
		"192.0.2.1":                     "192.0.2.1",
		"users.example:80":              "users.example:80",
		"[2001:db8:1:2:3:4:5:6]:999999": "[2001:db8:1:2:3:4:5:6]:999999",
	}
	for addr, want := range tests {
		r := &http.Request{RemoteAddr: addr, Header: http.Header{"X-Forwarded-For": {"203.0.113.9"}}}
		if got := backstayhttp.RemoteIP(r); got != want {
			t.Errorf("RemoteIP of %q = %q, want %q", addr, got, want)
		}
	}
}

func TestPriority(t *testing.T) {
	var got gate.Priority
	h := backstayhttp.Chain(
		http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = gate.PriorityOf(r.Context()) }),
		backstayhttp.Priority(func(r *http.Request) gate.Priority {
			if strings.HasPrefix(r.URL.Path, "/batch/") {
				return gate.Sheddable
			}
			return gate.Critical
		}))
	for path, want := range map[string]gate.Priority{"/batch/1": gate.Sheddable, "/": gate.Critical} {
		r := httptest.NewRequest("GET", path, nil)
		h.ServeHTTP(httptest.NewRecorder(), r)
		if got != want {
			t.Errorf("%s has the priority %v, want %v", path, got, want)
		}
		h.ServeHTTP(httptest.NewRecorder(), r.WithContext(gate.WithPriority(r.Context(), gate.CriticalPlus)))
		if got != want {
			t.Errorf("%s has the priority %v, want %v whatever it was before", path, got, want)
		}
	}
}

func TestChain(t *testing.T) {
	var order []string
	mw := func(name string) backstayhttp.Middleware {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				order = append(order, name)
				next.ServeHTTP(w, r)
			})
		}
	}
	backstayhttp.Chain(status(200), mw("first"), mw("second")).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	if want := []string{"first", "second"}; !slices.Equal(order, want) {
		t.Errorf("order %q, want %q", order, want)
	}
}

func TestGuardAllocs(t *testing.T) {
	g := &counter{}
	h := backstayhttp.Chain(status(200), backstayhttp.Guard(g), backstayhttp.Recover(), backstayhttp.Guard(g))
	var w http.ResponseWriter = &bareWriter{header: http.Header{}}
	r := httptest.NewRequest("GET", "/", nil)
	if got := testing.AllocsPerRun(100, func() { h.ServeHTTP(w, r) }); got > 1 {
		t.Errorf("three layers make %v allocations, want 1", got)
	}
}

// counter is the cheapest gate.
type counter struct{ held int }

func (c *counter) Acquire(context.Context) (gate.Permit, error) {
	c.held++
	return gate.NewPermit(c, gate.Token{}), nil
}
func (c *counter) Release(gate.Token, error) { c.held-- }

// bareWriter is the least of a ResponseWriter.
type bareWriter struct{ header http.Header }

func (w *bareWriter) Header() http.Header         { return w.header }
func (w *bareWriter) Write(p []byte) (int, error) { return len(p), nil }
func (w *bareWriter) WriteHeader(int)             {}
