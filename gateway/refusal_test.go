package gateway_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestFullBulkheadRefuses(t *testing.T) {
	arrived, finish := make(chan bool), make(chan bool)
	url := backend(t, func(http.ResponseWriter, *http.Request) { arrived <- true; <-finish })
	g, server := serve(t, `
upstreams: {a: {endpoints: "%s"}}
policies: {one: {bulkhead: {limit: 1}, retry: {}}}
routes: [{upstream: a, policy: one, priority: sheddable}]`, url)
	first := make(chan int)
	go func() {
		resp, err := http.Get(server.URL)
		if err != nil {
			t.Error(err)
			first <- 0
			return
		}
		resp.Body.Close()
		first <- resp.StatusCode
	}()
	<-arrived
	got := get(t, server.URL)
	if got.StatusCode != http.StatusServiceUnavailable || !isProblem(got) || !strings.Contains(got.text, "bulkhead") || got.Header.Get("Retry-After") == "" {
		t.Errorf("the second request got %d %v %s, want 503 of the bulkhead with Retry-After", got.StatusCode, got.Header, got.text)
	}
	close(finish)
	if status := <-first; status != http.StatusOK {
		t.Errorf("the first request got %d, want 200", status)
	}
	eventually(t, "counted", func() bool { return g.State().Routes[0].Refused["bulkhead"] == 1 })
}

func TestFallbackStandsInForRefusalsAndTimeouts(t *testing.T) {
	hanging := backend(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	})
	for name, policy := range map[string]string{
		"refusal":         "{breaker: {consecutive: 1, cooldown: 1h}, timeout: 10ms}",
		"timeout":         "{timeout: 10ms}",
		"attempt timeout": "{attempt_timeout: 10ms, retry: {max_attempts: 2, budget: off}}",
	} {
		_, server := serve(t, `
upstreams: {a: {endpoints: "%s"}}
policies: {p: `+policy+`}
routes: [{upstream: a, policy: p, fallback: {body: sorry}}]`, hanging)
		for range 2 {
			if got := get(t, server.URL); got.StatusCode != http.StatusOK || got.text != "sorry" {
				t.Errorf("%s: the client got %d %q, want the fallback", name, got.StatusCode, got.text)
			}
		}
	}
}

func TestFallbackWithoutABody(t *testing.T) {
	_, server := serve(t, `
upstreams: {a: {endpoints: "%s"}}
routes: [{upstream: a, fallback: {status: 204}}]`, deadEndpoint(t))
	if got := get(t, server.URL); got.StatusCode != http.StatusNoContent || got.text != "" {
		t.Errorf("the client got %d %q, want 204", got.StatusCode, got.text)
	}
}

// A retry after an attempt that timed out has the time of a new attempt.
func TestAttemptsThatTimeOutAreRetried(t *testing.T) {
	hanging := backend(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	good := backend(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
	g, server := serve(t, "upstream: [%s, %s]\npolicies: {default: {attempt_timeout: 300ms, retry: {budget: off, max_attempts: 10, backoff: {base: 1ms}}}}", hanging, good)
	for range 2 {
		if got := get(t, server.URL); got.text != "ok" {
			t.Errorf("the client got %d %q, want the answer of the good endpoint", got.StatusCode, got.text)
		}
	}
	if s := g.State(); s.Upstreams[0].Endpoints[0].Failures == 0 {
		t.Errorf("the hanging endpoint is %+v, want failures", s.Upstreams[0].Endpoints[0])
	}
}
