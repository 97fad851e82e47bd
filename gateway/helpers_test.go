package gateway_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/backstay-go/backstay/gateway"
	"github.com/backstay-go/backstay/gateway/config"
)

// patience is how long a test waits for what should happen at once.
const patience = time.Minute

// serve serves a gateway with a configuration in YAML, in which each URL stands
// for one %s.
func serve(t *testing.T, format string, urls ...any) (*gateway.Gateway, *httptest.Server) {
	t.Helper()
	g := newGateway(t, fmt.Sprintf(format, urls...))
	server := httptest.NewServer(g.Handler())
	t.Cleanup(server.Close)
	return g, server
}

func newGateway(t *testing.T, yaml string) *gateway.Gateway {
	t.Helper()
	c, err := config.Parse("test.yaml", []byte(yaml), func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	g, err := gateway.New(c, nil)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// backend serves handler and returns its URL.
func backend(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// deadEndpoint returns a URL at which nothing listens.
func deadEndpoint(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	return server.URL
}

// answer is a response that has been read.
type answer struct {
	*http.Response
	text string
}

func get(t *testing.T, url string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return do(t, req)
}

func do(t *testing.T, req *http.Request) answer {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp, string(body)}
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("after %v, still not: %s", patience, what)
		}
	}
}

// isProblem reports whether a has the body that all answers of the gateway's own
// have.
func isProblem(a answer) bool {
	var body struct {
		Type, Title, Detail string
		Status              int
	}
	return a.Header.Get("Content-Type") == "application/problem+json" && json.Unmarshal([]byte(a.text), &body) == nil &&
		body.Type == "about:blank" && body.Title == http.StatusText(a.StatusCode) && body.Status == a.StatusCode && body.Detail != ""
}
