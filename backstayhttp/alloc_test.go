package backstayhttp_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/backstay-go/backstay"
	"github.com/backstay-go/backstay/backstayhttp"
	"github.com/backstay-go/backstay/breaker"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/retry"
)

// stub answers every request with the same response.
type stub struct{ resp http.Response }

func (s *stub) RoundTrip(*http.Request) (*http.Response, error) { return &s.resp, nil }

func TestTransportAllocs(t *testing.T) {
	gates := []gate.Gate{breaker.New(breaker.Config{})}
	tests := []struct {
		name     string
		pipeline *backstay.Pipeline
		want     float64
	}{
		{"nothing", nil, 1},
		{"gates", &backstay.Pipeline{Gates: gates}, 1},
		{"retry and gates", &backstay.Pipeline{Retry: &retry.Policy{}, Gates: gates}, 1},
		{"timeout, retry and gates", &backstay.Pipeline{Timeout: time.Hour, Retry: &retry.Policy{}, Gates: gates}, 7},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			base := &stub{http.Response{StatusCode: http.StatusOK, Body: http.NoBody}}
			transport := &backstayhttp.Transport{Base: base, Pipeline: test.pipeline}
			req, err := http.NewRequest(http.MethodGet, "http://stub/", nil)
			if err != nil {
				t.Fatal(err)
			}
			got := testing.AllocsPerRun(100, func() {
				if _, err := transport.RoundTrip(req); err != nil {
					t.Error(err)
				}
			})
			if got != test.want {
				t.Errorf("RoundTrip makes %v allocations, want %v", got, test.want)
			}
		})
	}
}
