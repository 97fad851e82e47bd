package backstayhttp_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay-go/backstay"
	"github.com/backstay-go/backstay/backstayhttp"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/retry"
)

func TestZeroTransport(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body)
	}))
	defer s.Close()
	client := &http.Client{Transport: &backstayhttp.Transport{}}
	defer client.CloseIdleConnections()
	resp, err := client.Post(s.URL, "text/plain", strings.NewReader("as it is"))
	if err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, resp); got != "as it is" {
		t.Errorf("body %q, want what was sent", got)
	}
}

// Which requests are sent again after a failing status, and after a failure that
// leaves open whether they arrived.
func TestRepeatsOnlyWhatIsIdempotent(t *testing.T) {
	tests := []struct {
		method string
		key    string
		want   int
	}{
		{method: "GET", want: 3}, {method: "HEAD", want: 3}, {method: "OPTIONS", want: 3}, {method: "TRACE", want: 3},
		{method: "PUT", want: 3}, {method: "DELETE", want: 3}, {method: "", want: 3},
		{method: "POST", want: 1}, {method: "PATCH", want: 1}, {method: "CONNECT", want: 1}, {method: "PURGE", want: 1},
		{method: "POST", key: "Idempotency-Key", want: 3}, {method: "PATCH", key: "X-Idempotency-Key", want: 3},
	}
	broken := errors.New("connection reset by peer")
	for _, test := range tests {
		for name, fail := range map[string]func(*http.Request) (*http.Response, error){
			"status": func(r *http.Request) (*http.Response, error) { return answer(r, 503, "no"), nil },
			"error":  func(*http.Request) (*http.Response, error) { return nil, broken },
		} {
			sent := 0
			transport := &backstayhttp.Transport{
				Base:     baseFunc(func(r *http.Request) (*http.Response, error) { sent++; return fail(r) }),
				Pipeline: &backstay.Pipeline{Retry: atOnce(3)},
			}
			req := newRequest(t, test.method, "http://users/", nil)
			req.Method = test.method
			if test.key != "" {
				req.Header.Set(test.key, "1")
			}
			resp, err := transport.RoundTrip(req)
			if sent != test.want {
				t.Errorf("%s %s, %s: sent %d times, want %d", test.method, test.key, name, sent, test.want)
			}
			switch name {
			case "status":
				if err != nil || resp.StatusCode != 503 || readAll(t, resp) != "no" {
					t.Errorf("%s: %v, %v; want the response of the last attempt", test.method, resp, err)
				}
			case "error":
				if !errors.Is(err, broken) || errors.Is(err, retry.ErrPermanent) || errors.Is(err, retry.ErrExhausted) != (test.want > 1) {
					t.Errorf("%s: error %v after %d attempts, want that of the connection", test.method, err, sent)
				}
			}
		}
	}
}

// A request that found no connection was never sent, so anything may be sent
// again.
func TestNeverSentIsRepeated(t *testing.T) {
	refused := errors.New("connection refused")
	tests := []struct {
		name string
		err  error
		want int
	}{
		{"no connection", &net.OpError{Op: "dial", Err: refused}, 3},
		{"no connection to the proxy", &net.OpError{Op: "proxyconnect", Err: refused}, 3},
		{"broken connection", &net.OpError{Op: "write", Err: refused}, 1},
	}
	bodies := map[string]func() io.Reader{
		"in memory": func() io.Reader { return strings.NewReader("order") },
		"stream":    func() io.Reader { return io.LimitReader(strings.NewReader("order"), 5) },
	}
	for _, test := range tests {
		for name, body := range bodies {
			sent := 0
			var arrived string
			transport := &backstayhttp.Transport{
				Base: baseFunc(func(r *http.Request) (*http.Response, error) {
					defer r.Body.Close()
					if sent++; sent < 3 {
						return nil, test.err
					}
					content, err := io.ReadAll(r.Body)
					arrived = string(content)
					return answer(r, 200, ""), err
				}),
				Pipeline: &backstay.Pipeline{Retry: atOnce(3)},
			}
			resp, err := transport.RoundTrip(newRequest(t, "POST", "http://shop/", body()))
			if sent != test.want {
				t.Errorf("%s, %s: sent %d times, want %d", test.name, name, sent, test.want)
			}
			if test.want == 3 && (err != nil || resp.StatusCode != 200 || arrived != "order") {
				t.Errorf("%s, %s: %v, arrived %q; want the order", test.name, name, err, arrived)
			}
		}
	}
}

func TestUntrustedCertificateIsNotRepeated(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = discardLog()
	s.StartTLS()
	defer s.Close()
	var dials atomic.Int32
	base := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		dials.Add(1)
		return new(net.Dialer).DialContext(ctx, network, addr)
	}}
	transport := &backstayhttp.Transport{Base: base, Pipeline: &backstay.Pipeline{Retry: atOnce(3)}}
	if _, err := transport.RoundTrip(newRequest(t, "GET", s.URL, nil)); err == nil || dials.Load() != 1 {
		t.Errorf("error %v after %d connections, want one", err, dials.Load())
	}
}

func TestFailingStatusIsAFailureToGates(t *testing.T) {
	tests := []struct {
		status int
		want   string // of one attempt and another
	}{
		{200, "success"}, {204, "success"}, {302, "success"}, {404, "success"}, {499, "success"},
		{429, "failure failure"}, {500, "failure failure"}, {503, "failure failure"}, {599, "failure failure"},
		{501, "failure"}, {505, "failure"}, // no retry can mend these
	}
	for _, test := range tests {
		g := &recorder{}
		transport := &backstayhttp.Transport{
			Base:     baseFunc(func(r *http.Request) (*http.Response, error) { return answer(r, test.status, "body"), nil }),
			Pipeline: &backstay.Pipeline{Retry: atOnce(2), Gates: []gate.Gate{g}},
		}
		resp, err := transport.RoundTrip(newRequest(t, "GET", "http://users/", nil))
		if err != nil {
			t.Fatalf("status %d: %v", test.status, err)
		}
		if got := readAll(t, resp); got != "body" || resp.StatusCode != test.status {
			t.Errorf("status %d: got %d %q", test.status, resp.StatusCode, got)
		}
		if got := g.outcomes(); got != test.want {
			t.Errorf("status %d: the gate was told %s, want %s", test.status, got, test.want)
		}
		if _, told := g.state(); told[0] != nil {
			if status, ok := errors.AsType[*backstayhttp.StatusError](told[0]); !ok || status.Code != test.status {
				t.Errorf("status %d: the gate was told %v, want a StatusError", test.status, told[0])
			}
		}
	}
}

func TestRefusal(t *testing.T) {
	refusal := &gate.RejectedError{Policy: "breaker", Name: "users", Reason: errors.New("circuit open")}
	body := &closeNoter{Reader: strings.NewReader("order")}
	client := &http.Client{Transport: &backstayhttp.Transport{
		Base:     baseFunc(func(*http.Request) (*http.Response, error) { t.Error("the request was sent"); return nil, nil }),
		Pipeline: &backstay.Pipeline{Retry: atOnce(3), Gates: []gate.Gate{&recorder{refusal: refusal}}},
	}}
	_, err := client.Do(newRequest(t, "POST", "http://users/", body))
	if got, ok := errors.AsType[*gate.RejectedError](err); !ok || got != refusal || !errors.Is(err, gate.ErrRejected) {
		t.Errorf("error %v, want the refusal inside", err)
	}
	if body.closed.Load() == 0 {
		t.Error("the body of the request is still open")
	}
}

// When the breaker opens between two attempts, the call did run: the error says
// so, and how it went.
func TestRefusalAfterAnAttempt(t *testing.T) {
	g := &recorder{}
	transport := &backstayhttp.Transport{
		Base: baseFunc(func(r *http.Request) (*http.Response, error) {
			g.refusal = &gate.RejectedError{Policy: "breaker", Reason: errors.New("circuit open")}
			return answer(r, 503, ""), nil
		}),
		Pipeline: &backstay.Pipeline{Retry: atOnce(3), Gates: []gate.Gate{g}},
	}
	_, err := transport.RoundTrip(newRequest(t, "GET", "http://users/", nil))
	status, ok := errors.AsType[*backstayhttp.StatusError](err)
	if !ok || status.Code != 503 || errors.Is(err, gate.ErrRejected) {
		t.Errorf("error %v, want the status of the attempt that ran, and no refusal", err)
	}
}

// hosts is a family of gates that knows whom it was asked for.
type hosts struct {
	keys []string
	shut string
	recorder
}

func (h *hosts) Acquire(ctx context.Context, host string) (gate.Permit, error) {
	h.keys = append(h.keys, host)
	if host == h.shut {
		return gate.Permit{}, &gate.RejectedError{Policy: "breaker", Name: host}
	}
	return h.recorder.Acquire(ctx)
}

func TestPerHost(t *testing.T) {
	family := &hosts{shut: "b:8080"}
	transport := &backstayhttp.Transport{
		Base:    baseFunc(func(r *http.Request) (*http.Response, error) { return answer(r, 500, "no"), nil }),
		PerHost: family, Pipeline: &backstay.Pipeline{Retry: atOnce(2)},
	}
	resp, err := transport.RoundTrip(newRequest(t, "GET", "http://A/", nil))
	if err != nil {
		t.Fatal(err)
	}
	if held, told := family.state(); held != 1 || len(told) != 1 {
		t.Errorf("before the body is read %d permits are held and %v told, want 1 of each", held, told)
	}
	readAll(t, resp)
	body := &closeNoter{Reader: strings.NewReader("")}
	if _, err := transport.RoundTrip(newRequest(t, "PUT", "http://b:8080/", body)); !errors.Is(err, gate.ErrRejected) {
		t.Errorf("error %v, want the refusal of the host's gate", err)
	}
	if body.closed.Load() != 1 {
		t.Error("the body of the refused request is still open")
	}
	if want := []string{"a", "a", "b:8080"}; !slices.Equal(family.keys, want) || family.outcomes() != "failure failure" {
		t.Errorf("asked for %q and told %s, want %q and two failures", family.keys, family.outcomes(), want)
	}
}

func TestCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		transport := &backstayhttp.Transport{
			Base: baseFunc(func(r *http.Request) (*http.Response, error) {
				if sent++; sent == 1 {
					return answer(r, 200, "busy", "Retry-After", "7"), nil
				}
				return answer(r, 200, "ready"), nil
			}),
			Check: func(resp *http.Response) error {
				content, _ := io.ReadAll(resp.Body)
				resp.Body = io.NopCloser(strings.NewReader(string(content)))
				if string(content) == "busy" {
					return errors.New("busy")
				}
				return nil
			},
			Pipeline: &backstay.Pipeline{Retry: atOnce(3)},
		}
		begun := time.Now()
		resp, err := transport.RoundTrip(newRequest(t, "GET", "http://users/", nil))
		if err != nil || readAll(t, resp) != "ready" || sent != 2 {
			t.Errorf("%v after %d attempts, want what the second answered", err, sent)
		}
		if took := time.Since(begun); took != 7*time.Second {
			t.Errorf("the second attempt came after %v, want the 7 s of Retry-After", took)
		}
	})
}

func TestPanicReleases(t *testing.T) {
	g := &recorder{}
	transport := &backstayhttp.Transport{
		Base:     baseFunc(func(*http.Request) (*http.Response, error) { panic("on purpose") }),
		Pipeline: &backstay.Pipeline{Admit: []gate.Gate{g}, Gates: []gate.Gate{g}},
	}
	defer func() {
		if reason := recover(); reason != "on purpose" {
			t.Errorf("recovered %v, want the panic of the base", reason)
		}
		if held, told := g.state(); held != 0 || !slices.Equal(told, []error{gate.ErrPanicked, gate.ErrPanicked}) {
			t.Errorf("%d permits are held, the gates were told %v", held, told)
		}
	}()
	_, _ = transport.RoundTrip(newRequest(t, "GET", "http://users/", nil))
}
