package benchmarks

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/failsafehttp"
	"github.com/failsafe-go/failsafe-go/timeout"
	"github.com/hashicorp/go-retryablehttp"

	"github.com/backstay-go/backstay"
	"github.com/backstay-go/backstay/backstayhttp"
	"github.com/backstay-go/backstay/breaker"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/retry"
)

// clients compare HTTP clients with retry, breaker and timeout, over a transport
// that answers at once: what is left is what the policies cost.
func clients() []Row {
	plain := clientPlain()
	alone := int64(testing.AllocsPerRun(100, func() { plain(0) }))
	return []Row{{
		Name:    "http client: retry+breaker+timeout",
		Callers: 1,
		Impls: []Impl{
			{Name: ours, New: clientOurs},
			{Name: "failsafe-go", New: clientFailsafe},
			{Name: "go-retryablehttp, retry only", New: clientRetryable},
			{Name: "net/http, nothing", New: clientPlain},
		},
		Goal: Goal{Ratio: 0.35, Allocs: alone + 6},
	}}
}

// answer is a transport without a network.
type answer struct{}

func (answer) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode:    http.StatusOK,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        http.Header{},
		ContentLength: 2,
		Body:          io.NopCloser(strings.NewReader("ok")),
		Request:       req,
	}, nil
}

// get sends one request through a transport again and again, as an http.Client
// would, and reads and closes the body.
func get(transport http.RoundTripper) Call {
	req, err := http.NewRequestWithContext(caller, http.MethodGet, "http://users.example/1", nil)
	must(err)
	return func(uint64) {
		resp, err := transport.RoundTrip(req)
		must(err)
		n, err := io.Copy(io.Discard, resp.Body)
		must(err)
		want(n == 2 && resp.StatusCode == http.StatusOK, "the answer was lost")
		must(resp.Body.Close())
	}
}

func clientPlain() Call { return get(answer{}) }

func clientOurs() Call {
	return get(&backstayhttp.Transport{
		Base: answer{},
		Pipeline: &backstay.Pipeline{
			Timeout: time.Second,
			Retry:   &retry.Policy{},
			Gates:   []gate.Gate{breaker.New(breaker.Config{})},
		},
	})
}

func clientFailsafe() Call {
	return get(failsafehttp.NewRoundTripper(answer{},
		timeout.New[*http.Response](time.Second),
		failsafehttp.NewRetryPolicyBuilder().Build(),
		circuitbreaker.NewBuilder[*http.Response]().WithFailureRateThreshold(0.5, 20, 10*time.Second).Build(),
	))
}

func clientRetryable() Call {
	client := retryablehttp.NewClient()
	client.HTTPClient = &http.Client{Transport: answer{}}
	client.Logger = nil
	return get(&retryablehttp.RoundTripper{Client: client})
}
