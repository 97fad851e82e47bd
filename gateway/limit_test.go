package gateway_test

import (
	"net/http"
	"testing"
)

// limited serves one route with a rate limit.
func limited(t *testing.T, limit string) (request func(header string) answer, refused func() int64) {
	t.Helper()
	url := backend(t, func(http.ResponseWriter, *http.Request) {})
	g, server := serve(t, `
upstreams: {a: {endpoints: "%s"}}
routes: [{upstream: a, rate_limit: `+limit+`, fallback: {body: never}}]`, url)
	request = func(header string) answer {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
		req.Header.Set("X-Api-Key", header)
		return do(t, req)
	}
	return request, func() int64 { return g.State().Routes[0].Refused["ratelimit"] }
}

func TestRateLimit(t *testing.T) {
	for _, key := range []string{"client_ip", "route", "header:x-api-key"} {
		request, refused := limited(t, `{rate: 2/h, key: "`+key+`"}`)
		for range 2 {
			if got := request("one"); got.StatusCode != http.StatusOK {
				t.Errorf("%s: a request within the limit got %d", key, got.StatusCode)
			}
		}
		got := request("one")
		if got.StatusCode != http.StatusTooManyRequests || !isProblem(got) || got.Header.Get("Retry-After") == "" || got.Header.Get("RateLimit-Policy") == "" {
			t.Errorf("%s: a request over the limit got %d %v %s, want 429 with Retry-After, RateLimit-Policy and a problem", key, got.StatusCode, got.Header, got.text)
		}
		if n := refused(); n != 1 {
			t.Errorf("%s: %d requests are counted as refused, want 1", key, n)
		}
	}
}

func TestRateLimitByHeader(t *testing.T) {
	request, _ := limited(t, `{rate: 1/h, key: "header:X-Api-Key"}`)
	for _, key := range []string{"one", "two", ""} {
		if got := request(key); got.StatusCode != http.StatusOK {
			t.Errorf("the first request with the key %q got %d, want 200", key, got.StatusCode)
		}
		if got := request(key); got.StatusCode != http.StatusTooManyRequests {
			t.Errorf("the second request with the key %q got %d, want 429", key, got.StatusCode)
		}
	}
}

func TestShadowLimitRefusesNothing(t *testing.T) {
	request, _ := limited(t, "{rate: 1/h, shadow: true}")
	for range 3 {
		if got := request(""); got.StatusCode != http.StatusOK {
			t.Errorf("a request got %d, want 200", got.StatusCode)
		}
	}
}

// The Host is no header to net/http: each host would share one limit.
func TestHostIsAKey(t *testing.T) {
	url := backend(t, func(http.ResponseWriter, *http.Request) {})
	_, server := serve(t, "upstreams: {a: {endpoints: \"%s\"}}\nroutes: [{upstream: a, rate_limit: {rate: 1/h, key: \"header:host\"}}]", url)
	for _, host := range []string{"a.example.com", "b.example.com"} {
		for _, want := range []int{http.StatusOK, http.StatusTooManyRequests} {
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
			req.Host = host
			if got := do(t, req).StatusCode; got != want {
				t.Errorf("a request for %s got %d, want %d", host, got, want)
			}
		}
	}
}
