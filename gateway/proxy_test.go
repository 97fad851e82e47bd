package gateway_test

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/backstay-go/backstay/gateway"
)

func TestRequestsReachTheUpstreamUnchanged(t *testing.T) {
	seen := make(chan *http.Request, 1)
	url := backend(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		seen <- r
		w.Header().Set("X-Answer", "yes")
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, "short and stout")
	})
	_, server := serve(t, "upstream: %s", url)

	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/a%2Fb/c?x=1&y=2", strings.NewReader("hello"))
	req.Host = "api.example.com"
	req.Header.Set("X-Forwarded-For", "6.6.6.6")
	req.Header.Set("X-Forwarded-Port", "666")
	req.Header.Set("X-Forwarded-Prefix", "/admin")
	req.Header.Set("X-Real-IP", "6.6.6.6")
	req.Header.Set("Connection", "X-Hop")
	req.Header.Set("X-Hop", "remove me")
	got := do(t, req)

	r := <-seen
	body, _ := io.ReadAll(r.Body)
	if r.Method != http.MethodPost || r.RequestURI != "/a%2Fb/c?x=1&y=2" || string(body) != "hello" || r.Host != "api.example.com" {
		t.Errorf("the upstream got %s %s for %s with %q", r.Method, r.RequestURI, r.Host, body)
	}
	for name, want := range map[string]string{
		"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": "api.example.com", "X-Forwarded-Proto": "http", "X-Hop": "",
		"X-Forwarded-Port": "", "X-Forwarded-Prefix": "", "X-Real-Ip": "",
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("the upstream got %s: %q, want %q", name, got, want)
		}
	}
	if got.StatusCode != http.StatusTeapot || got.text != "short and stout" || got.Header.Get("X-Answer") != "yes" {
		t.Errorf("the client got %d %q with %v", got.StatusCode, got.text, got.Header)
	}
}

func TestEndpointsMayHaveABasePath(t *testing.T) {
	var first atomic.Bool
	path := func(w http.ResponseWriter, r *http.Request) {
		if first.CompareAndSwap(false, true) {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, r.RequestURI)
	}
	a, b := backend(t, path), backend(t, path)
	_, server := serve(t, "upstream: [%s/base, %s/base]", a, b)
	for range 2 {
		if got, want := get(t, server.URL+"/x%2Fy?q=1").text, "/base/x%2Fy?q=1"; got != want {
			t.Errorf("the upstream was asked for %s, want %s", got, want)
		}
	}
}

func TestRequestsGoRound(t *testing.T) {
	var counts [3]atomic.Int64
	urls := make([]any, len(counts))
	for i := range counts {
		urls[i] = backend(t, func(http.ResponseWriter, *http.Request) { counts[i].Add(1) })
	}
	_, server := serve(t, "upstream: [%s, %s, %s]", urls...)
	for range 30 {
		get(t, server.URL)
	}
	for i := range counts {
		if got := counts[i].Load(); got != 10 {
			t.Errorf("endpoint %d got %d of 30 requests, want 10", i, got)
		}
	}
}

// alwaysRetry is a policy without a budget, which has little to spend at first.
const alwaysRetry = "policies: {default: {retry: {budget: off, backoff: {base: 1ms}}}}"

func TestRetriesGoToTheNextEndpoint(t *testing.T) {
	var bad atomic.Int64
	failing := backend(t, func(w http.ResponseWriter, _ *http.Request) {
		bad.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	good := backend(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
	g, server := serve(t, "upstream: [%s, %s, %s]\n"+alwaysRetry, failing, good, deadEndpoint(t))
	for range 30 {
		if got := get(t, server.URL); got.StatusCode != http.StatusOK || got.text != "ok" {
			t.Fatalf("the client got %d %q, want the answer of the good endpoint", got.StatusCode, got.text)
		}
	}
	route := g.State().Routes[0]
	// Ten requests begin at each endpoint. Those that begin at the failing one
	// go on to the good one, and those that begin at the dead one to the failing
	// one before it.
	if bad.Load() != 20 || route.Attempts != 60 || route.Retries != 30 {
		t.Errorf("the failing endpoint got %d attempts of %d, with %d retries; want 20 of 60 with 30", bad.Load(), route.Attempts, route.Retries)
	}
}

func TestPostIsSentAgainOnlyIfItNeverWas(t *testing.T) {
	var posts atomic.Int64
	failing := backend(t, func(w http.ResponseWriter, r *http.Request) {
		posts.Add(1)
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write(body)
	})
	_, server := serve(t, "upstream: [%s, %s]\n"+alwaysRetry, failing, deadEndpoint(t))
	for range 4 {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader("hello"))
		if got := do(t, req); got.StatusCode != http.StatusServiceUnavailable || got.text != "hello" {
			t.Errorf("the client got %d %q, want the 503 of the endpoint that lives", got.StatusCode, got.text)
		}
	}
	if got := posts.Load(); got != 4 {
		t.Errorf("4 requests reached the endpoint %d times, want once each", got)
	}
}

func TestUpstreamErrorsReachTheClient(t *testing.T) {
	url := backend(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, "the upstream's own words")
	})
	g, server := serve(t, "upstream: %s\npolicies: {default: {}}", url)
	if got := get(t, server.URL); got.StatusCode != http.StatusInternalServerError || got.text != "the upstream's own words" {
		t.Errorf("the client got %d %q", got.StatusCode, got.text)
	}
	eventually(t, "counted", func() bool { return g.State().Routes[0].Requests.UpstreamError == 1 })
}

func TestUnreachableUpstream(t *testing.T) {
	g, server := serve(t, "upstream: %s\npolicies: {default: {}}", deadEndpoint(t))
	if got := get(t, server.URL); got.StatusCode != http.StatusBadGateway || !isProblem(got) {
		t.Errorf("the client got %d %v %s, want 502 with a problem", got.StatusCode, got.Header, got.text)
	}
	eventually(t, "counted", func() bool { return g.State().Routes[0].Requests.Unreachable == 1 })
}

func TestNoRoute(t *testing.T) {
	_, server := serve(t, `
upstreams: {a: {endpoints: ["%s"]}}
routes: [{upstream: a, match: {path: /a}}]`, deadEndpoint(t))
	if got := get(t, server.URL+"/b"); got.StatusCode != http.StatusNotFound || !isProblem(got) {
		t.Errorf("the client got %d %s, want 404 with a problem", got.StatusCode, got.text)
	}
}

func TestMethodThatNoRouteTakes(t *testing.T) {
	_, server := serve(t, `
upstreams: {a: {endpoints: ["%s"]}}
routes: [{upstream: a, match: {path: /users/*, methods: [GET, POST]}}]`, deadEndpoint(t))
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodDelete, server.URL+"/users/1", nil)
	got := do(t, req)
	if got.StatusCode != http.StatusMethodNotAllowed || !isProblem(got) || got.Header.Get("Allow") != "GET, HEAD, POST" ||
		!strings.Contains(got.text, "no route takes DELETE /users/1: use GET, HEAD, POST") {
		t.Errorf("the client got %d %v %s, want 405 with Allow and a problem that says the methods", got.StatusCode, got.Header, got.text)
	}
}

func TestFallback(t *testing.T) {
	failing := backend(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	for name, url := range map[string]string{"unreachable": deadEndpoint(t), "failing": failing} {
		g, server := serve(t, `
upstreams: {a: {endpoints: ["%s"]}}
routes:
  - upstream: a
    fallback: {status: 203, content_type: application/json, body: "{}"}`, url)
		got := get(t, server.URL)
		if got.StatusCode != http.StatusNonAuthoritativeInfo || got.text != "{}" || got.Header.Get("Content-Type") != "application/json" ||
			got.Header.Get(gateway.FallbackHeader) != "/*" {
			t.Errorf("%s: the client got %d %q with %v, want the fallback", name, got.StatusCode, got.text, got.Header)
		}
		eventually(t, "counted", func() bool { return g.State().Routes[0].Requests.Fallback == 1 })
	}
}

func TestFallbackLeavesClientErrorsAlone(t *testing.T) {
	url := backend(t, http.NotFound)
	_, server := serve(t, `
upstreams: {a: {endpoints: ["%s"]}}
routes: [{upstream: a, fallback: {}}]`, url)
	if got := get(t, server.URL); got.StatusCode != http.StatusNotFound {
		t.Errorf("the client got %d, want the upstream's 404", got.StatusCode)
	} else if got.Header.Get(gateway.FallbackHeader) != "" {
		t.Errorf("the upstream's answer has the headers %v, want none of a fallback", got.Header)
	}
}

func TestDeadUpstreamIsRefusedByTheBreaker(t *testing.T) {
	g, server := serve(t, `
upstream: %s
policies: {default: {breaker: {consecutive: 5, cooldown: 1h}}}`, deadEndpoint(t))
	for range 5 {
		get(t, server.URL)
	}
	got := get(t, server.URL)
	if got.StatusCode != http.StatusServiceUnavailable || !isProblem(got) || got.Header.Get("Retry-After") == "" {
		t.Errorf("the client got %d %v %s, want 503 with Retry-After and a problem", got.StatusCode, got.Header, got.text)
	}
	eventually(t, "counted", func() bool {
		s := g.State().Routes[0]
		return s.Requests.Refused == 1 && s.Refused["breaker"] == 1 && s.Attempts == 5 && s.Breaker.State.String() == "open"
	})
}
