package backstayhttp_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/backstay-go/backstay"
	"github.com/backstay-go/backstay/backstayhttp"
	"github.com/backstay-go/backstay/breaker"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/retry"
)

func BenchmarkGuard(b *testing.B) {
	h := status(http.StatusOK)
	benchmarks := map[string]http.Handler{
		"case=handler":       h,
		"case=guard":         backstayhttp.Guard(&counter{})(h),
		"case=guard+timeout": backstayhttp.Chain(h, backstayhttp.Guard(&counter{}), backstayhttp.Timeout(time.Hour)),
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for name, h := range benchmarks {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			w := &bareWriter{header: http.Header{}}
			for b.Loop() {
				h.ServeHTTP(w, r)
			}
		})
	}
}

func BenchmarkRoundTrip(b *testing.B) {
	base := &stub{http.Response{StatusCode: http.StatusOK, Body: http.NoBody}}
	gates := []gate.Gate{breaker.New(breaker.Config{})}
	benchmarks := []struct {
		name      string
		transport http.RoundTripper
	}{
		{"stub", base},
		{"nothing", &backstayhttp.Transport{Base: base}},
		{"retry", &backstayhttp.Transport{Base: base, Pipeline: &backstay.Pipeline{Retry: &retry.Policy{}, Gates: gates}}},
		{"timeout", &backstayhttp.Transport{Base: base, Pipeline: &backstay.Pipeline{Timeout: time.Hour, Retry: &retry.Policy{}, Gates: gates}}},
	}
	for _, bench := range benchmarks {
		req, err := http.NewRequest(http.MethodGet, "http://stub/", nil)
		if err != nil {
			b.Fatal(err)
		}
		b.Run("case="+bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = bench.transport.RoundTrip(req)
			}
		})
		b.Run("case="+bench.name+"/parallel", func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				req := req.Clone(b.Context())
				for pb.Next() {
					_, _ = bench.transport.RoundTrip(req)
				}
			})
		})
	}
}
