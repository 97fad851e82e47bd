package gateway

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/backstay-go/backstay/gateway/config"
)

// instant answers every request at once, without a network.
type instant struct{}

func (instant) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, ContentLength: 6, Request: r,
		Header: http.Header{"Content-Type": {"text/plain"}}, Body: io.NopCloser(strings.NewReader("hello\n")),
	}, nil
}

// sink is a ResponseWriter that costs nothing.
type sink struct{ header http.Header }

func (s *sink) Header() http.Header                   { clear(s.header); return s.header }
func (*sink) Write(p []byte) (int, error)             { return len(p), nil }
func (*sink) WriteHeader(int)                         {}
func (*sink) ReadFrom(io.Reader) (n int64, err error) { return 0, nil }

// BenchmarkRequest is what a request costs in the proxy itself. The cost of the
// network is added to both: see internal/costbench.
func BenchmarkRequest(b *testing.B) {
	target, _ := url.Parse("http://127.0.0.1:9001")
	plain := &httputil.ReverseProxy{
		Rewrite:    func(p *httputil.ProxyRequest) { p.SetURL(target); p.SetXForwarded() },
		Transport:  instant{},
		BufferPool: buffers,
	}
	b.Run("case=plain", func(b *testing.B) { benchmark(b, plain) })
	for name, policy := range map[string]string{
		"none":                  "{}",
		"breaker":               "{breaker: {}}",
		"retry":                 "{retry: {}}",
		"timeout":               "{timeout: 10s}",
		"timeout,retry,breaker": "{timeout: 10s, retry: {}, breaker: {}}",
	} {
		b.Run("case="+name, func(b *testing.B) { benchmark(b, instantGateway(b, policy).Handler()) })
	}
}

// instantGateway returns a gateway whose upstream is instant.
func instantGateway(tb testing.TB, policy string) *Gateway {
	tb.Helper()
	file := "upstream: http://127.0.0.1:9001\npolicies: {default: " + policy + "}"
	c, err := config.Parse("bench.yaml", []byte(file), func(string) (string, bool) { return "", false })
	if err != nil {
		tb.Fatal(err)
	}
	g, err := New(c, nil)
	if err != nil {
		tb.Fatal(err)
	}
	g.upstreams[0].transport = instant{}
	return g
}

func benchmark(b *testing.B, handler http.Handler) {
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	req := httptest.NewRequest(http.MethodGet, "http://example.com/users/1", nil).WithContext(ctx)
	req.Header.Set("User-Agent", "bench")
	req.Header.Set("Accept", "*/*")
	w := &sink{http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		handler.ServeHTTP(w, req)
	}
}
