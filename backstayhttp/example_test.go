package backstayhttp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/backstay-go/backstay"
	"github.com/backstay-go/backstay/backstayhttp"
	"github.com/backstay-go/backstay/breaker"
	"github.com/backstay-go/backstay/bulkhead"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/ratelimit"
	"github.com/backstay-go/backstay/retry"
)

// A client that retries what may be retried, gives up after two seconds, and
// leaves a server alone that is down.
func Example() {
	flaky := newFlakyServer()
	defer flaky.Close()

	client := &http.Client{Transport: &backstayhttp.Transport{Pipeline: &backstay.Pipeline{
		Timeout: 2 * time.Second,
		Retry:   &retry.Policy{MaxAttempts: 3},
		Gates:   []gate.Gate{breaker.New(breaker.Config{Name: "users"})},
	}}}

	resp, err := client.Get(flaky.URL) // the server answers 503 at first
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	fmt.Println(resp.StatusCode, string(body))
	// Output: 200 Ada
}

// newFlakyServer returns a server whose every other answer is 503.
func newFlakyServer() *httptest.Server {
	requests := 0
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if requests++; requests%2 == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		fmt.Fprint(w, "Ada")
	}))
}

// What went wrong is inside the error of the client.
func ExampleTransport_errors() {
	users := breaker.New(breaker.Config{Name: "users"})
	users.ForceOpen(time.Minute, "maintenance")
	client := &http.Client{Transport: &backstayhttp.Transport{
		Pipeline: &backstay.Pipeline{Gates: []gate.Gate{users}},
	}}
	_, err := client.Get("http://users.example/42")
	switch {
	case errors.Is(err, gate.ErrRejected):
		fmt.Println("not sent:", errors.Is(err, breaker.ErrOpen))
	case errors.Is(err, context.DeadlineExceeded):
		fmt.Println("out of time")
	}
	// Output: not sent: true
}

// A server that handles a bounded number of requests at once, and none for
// longer than two seconds.
func ExampleGuard() {
	limit := bulkhead.New(bulkhead.Config{Name: "api", Limit: 1})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /users/{id}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "user %s", r.PathValue("id"))
	})
	handler := backstayhttp.Chain(mux,
		backstayhttp.Recover(),
		backstayhttp.Deadline(),
		backstayhttp.Guard(limit),
		backstayhttp.Timeout(2*time.Second))

	get := func() {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest("GET", "/users/42", nil))
		fmt.Println(w.Code, w.Body)
	}
	get()
	busy, _ := limit.Acquire(context.Background())
	get()
	busy.Done(nil)
	// Output:
	// 200 user 42
	// 503 {"type":"about:blank","title":"Service Unavailable","status":503,"detail":"The request was not handled. Try again later.","policy":"bulkhead"}
}

// Each client may send two requests at once, and sixty an hour in the long run.
func ExampleGuardKeyed() {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "welcome") })

	clients := ratelimit.NewKeyed[string](ratelimit.Config{Rate: ratelimit.Per(60, time.Hour), Burst: 2})
	handler := backstayhttp.Chain(mux, backstayhttp.GuardKeyed(clients, backstayhttp.RemoteIP))

	for range 3 {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		fmt.Println(w.Code, "Retry-After is set:", w.Header().Get("Retry-After") != "")
	}
	// Output:
	// 200 Retry-After is set: false
	// 200 Retry-After is set: false
	// 429 Retry-After is set: true
}

// A handler refuses by itself when only it knows the cost of a request.
func ExampleRefuse() {
	reports := bulkhead.New(bulkhead.Config{Name: "reports", Limit: 2})
	handler := func(w http.ResponseWriter, r *http.Request) {
		permit, err := reports.Acquire(r.Context())
		if err != nil {
			backstayhttp.Refuse(w, r, err)
			return
		}
		defer permit.Done(nil)
		fmt.Fprint(w, "the report")
	}
	w := httptest.NewRecorder()
	handler(w, httptest.NewRequest("GET", "/", nil))
	fmt.Println(w.Code, w.Body)
	// Output: 200 the report
}
