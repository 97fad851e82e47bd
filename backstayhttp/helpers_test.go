package backstayhttp_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/retry"
)

// recorder is a gate that writes down what it is told.
type recorder struct {
	mu      sync.Mutex
	refusal error
	held    int
	told    []error
}

func (g *recorder) Acquire(context.Context) (gate.Permit, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.refusal != nil {
		return gate.Permit{}, g.refusal
	}
	g.held++
	return gate.NewPermit(g, gate.Token{}), nil
}

func (g *recorder) Release(_ gate.Token, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held--
	g.told = append(g.told, err)
}

// state returns how many permits are held and what the gate was told so far.
func (g *recorder) state() (held int, told []error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.held, append([]error(nil), g.told...)
}

// outcomes returns what the gate was told, classified.
func (g *recorder) outcomes() string {
	_, told := g.state()
	var names []string
	for _, err := range told {
		names = append(names, gate.Classify(err).String())
	}
	return strings.Join(names, " ")
}

// baseFunc is an http.RoundTripper made of a function.
type baseFunc func(*http.Request) (*http.Response, error)

func (f baseFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answer returns a response like those of a transport.
func answer(r *http.Request, status int, body string, header ...string) *http.Response {
	resp := &http.Response{
		StatusCode: status, Header: http.Header{}, Request: r,
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
	for i := 0; i < len(header); i += 2 {
		resp.Header.Set(header[i], header[i+1])
	}
	return resp
}

// atOnce retries without a wait and without a budget.
func atOnce(attempts int) *retry.Policy {
	return &retry.Policy{MaxAttempts: attempts, Backoff: retry.Constant{}, Budget: retry.NoBudget}
}

func newRequest(t *testing.T, method, url string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// readAll reads and closes the body of resp.
func readAll(t *testing.T, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Errorf("reading the response: %v", err)
	}
	return string(body)
}

// onBoth runs test against a server for h over HTTP/1 and over HTTP/2. The base
// sends requests to it.
func onBoth(t *testing.T, h http.Handler, test func(t *testing.T, s *httptest.Server, base *http.Transport)) {
	for _, proto := range []string{"h1", "h2"} {
		t.Run(proto, func(t *testing.T) {
			s := httptest.NewUnstartedServer(h)
			if proto == "h2" {
				s.EnableHTTP2 = true
				s.StartTLS()
			} else {
				s.Start()
			}
			base := newBase(s)
			defer s.Close()
			defer base.CloseIdleConnections()
			test(t, s, base)
		})
	}
}

// newBase returns a transport of its own that trusts s.
func newBase(s *httptest.Server) *http.Transport {
	base := &http.Transport{ForceAttemptHTTP2: true}
	if cert := s.Certificate(); cert != nil {
		pool := x509.NewCertPool()
		pool.AddCert(cert)
		base.TLSClientConfig = &tls.Config{RootCAs: pool}
	}
	return base
}

// discardLog is for servers that are expected to complain.
func discardLog() *log.Logger { return log.New(io.Discard, "", 0) }
