package backstayhttp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay-go/backstay"
	"github.com/backstay-go/backstay/backstayhttp"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/ratelimit"
	"github.com/backstay-go/backstay/retry"
)

func TestRefuse(t *testing.T) {
	reject := func(policy string, reason error, after time.Duration) error {
		return &gate.RejectedError{Policy: policy, Name: "secret", Reason: reason, After: after}
	}
	tests := []struct {
		name   string
		err    error
		status int
		after  string
		policy string
	}{
		{"quota", reject("ratelimit", nil, 1500*time.Millisecond), 429, "2", "ratelimit"},
		{"quota, whole seconds", reject("ratelimit", nil, 2*time.Second), 429, "2", "ratelimit"},
		{"quota, soon", reject("ratelimit", nil, time.Nanosecond), 429, "1", "ratelimit"},
		{"quota, wrapped", fmt.Errorf("client: %w", reject("ratelimit", nil, time.Minute)), 429, "60", "ratelimit"},
		{"state", reject("breaker", nil, 5*time.Second), 503, "5", "breaker"},
		{"state of unknown end", reject("bulkhead", nil, 0), 503, "1", "bulkhead"},
		{"too late for the queue", reject("bulkhead", context.DeadlineExceeded, 0), 503, "1", "bulkhead"},
		{"longest", reject("breaker", nil, 1<<63-1), 503, "9223372037", "breaker"},
		{"deadline", context.DeadlineExceeded, 504, "", ""},
		{"timeout", &backstay.TimeoutError{}, 504, "", ""},
		{"marked", retry.After(errors.New("down"), 7*time.Second), 503, "7", ""},
		{"unknown", errors.New("secret"), 503, "1", ""},
	}
	for _, test := range tests {
		for _, method := range []string{"GET", "HEAD"} {
			w := httptest.NewRecorder()
			w.Header().Set("Connection", "keep-alive")
			w.Header().Set("Cache-Control", "max-age=3600")
			w.Header().Set("Content-Length", "1234")
			backstayhttp.Refuse(w, httptest.NewRequest(method, "/", nil), test.err)
			h := w.Result().Header
			if w.Code != test.status || h.Get("Retry-After") != test.after {
				t.Errorf("%s: status %d, Retry-After %q; want %d, %q", test.name, w.Code, h.Get("Retry-After"), test.status, test.after)
			}
			if h.Get("Content-Type") != "application/problem+json" || h.Get("Connection") != "keep-alive" || h.Get("Cache-Control") != "" || h.Get("Content-Length") != "" {
				t.Errorf("%s: headers %v, want those of a problem, and Connection as it was", test.name, h)
			}
			if method == "HEAD" {
				if w.Body.Len() != 0 {
					t.Errorf("%s: the answer to HEAD has a body", test.name)
				}
				continue
			}
			var body struct {
				Type, Title, Detail, Policy string
				Status                      int
			}
			if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
				t.Errorf("%s: %v in %s", test.name, err, w.Body)
			}
			if body.Type != "about:blank" || body.Title != http.StatusText(test.status) || body.Status != test.status || body.Detail == "" || body.Policy != test.policy {
				t.Errorf("%s: body %s, want the problem", test.name, w.Body)
			}
			if strings.Contains(w.Body.String(), "secret") {
				t.Errorf("%s: the body tells what is inside: %s", test.name, w.Body)
			}
		}
	}
}

// A client that used up its quota is told what the quota is.
func TestQuotaIsDescribed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := ratelimit.Config{Name: "secret", Rate: ratelimit.Per(10, time.Second), Burst: 25}
		tests := map[string]backstayhttp.Middleware{
			"one":   backstayhttp.Guard(ratelimit.New(config)),
			"keyed": backstayhttp.GuardKeyed(ratelimit.NewKeyed[string](config), backstayhttp.RemoteIP),
		}
		for name, limit := range tests {
			h := limit(status(204))
			for range 25 {
				w := httptest.NewRecorder()
				h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
				if w.Code != 204 || w.Header().Get("RateLimit") != "" {
					t.Fatalf("%s: status %d, headers %v; want 204 within the quota", name, w.Code, w.Header())
				}
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
			header := w.Header()
			want := []string{"1", `"default";q=25;w=3`, `"default";r=0;t=3`}
			got := []string{header.Get("Retry-After"), header.Get("RateLimit-Policy"), header.Get("RateLimit")}
			if w.Code != 429 || !slices.Equal(got, want) {
				t.Errorf("%s: status %d, Retry-After, RateLimit-Policy and RateLimit %q; want 429, %q", name, w.Code, got, want)
			}
		}
	})
}

func TestRefuseAfterTheFact(t *testing.T) {
	w := httptest.NewRecorder()
	backstayhttp.Recover()(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "half")
		backstayhttp.Refuse(w, r, context.DeadlineExceeded)
	})).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != 200 || w.Body.String() != "half" {
		t.Errorf("status %d, body %q; want what was written before", w.Code, w.Body)
	}
}

// The connection is used again after refusals, and they are told apart on it.
func TestRefusalsKeepTheConnection(t *testing.T) {
	h := backstayhttp.Guard(&recorder{refusal: &gate.RejectedError{Policy: "ratelimit"}})(status(200))
	onBoth(t, h, func(t *testing.T, s *httptest.Server, base *http.Transport) {
		for range 3 {
			resp, err := base.RoundTrip(newRequest(t, "POST", s.URL, strings.NewReader("unread")))
			if err != nil {
				t.Fatal(err)
			}
			if body := readAll(t, resp); resp.StatusCode != 429 || resp.Close || !strings.HasPrefix(body, "{") {
				t.Errorf("status %d, close %v, body %q; want 429, kept open, a problem", resp.StatusCode, resp.Close, body)
			}
		}
	})
}

func TestRecover(t *testing.T) {
	var out bytes.Buffer
	s := httptest.NewUnstartedServer(backstayhttp.Recover()(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/half":
			fmt.Fprint(w, "half")
			http.NewResponseController(w).Flush()
		case "/abort":
			panic(http.ErrAbortHandler)
		case "/goexit":
			return
		}
		panic("secret")
	})))
	s.Config.ErrorLog = log.New(&out, "", 0)
	s.Start()
	base := newBase(s)
	get := func(path string) (int, string, error) {
		resp, err := base.RoundTrip(newRequest(t, "POST", s.URL+path, strings.NewReader("")))
		if err != nil {
			return 0, "", err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		return resp.StatusCode, string(body), err
	}
	if code, body, err := get("/"); code != 500 || err != nil || !strings.Contains(body, `"status":500`) || strings.Contains(body, "secret") {
		t.Errorf("status %d, %v, body %s; want 500 and a problem that tells nothing", code, err, body)
	}
	if code, body, err := get("/half"); code != 200 || body != "half" || err == nil {
		t.Errorf("status %d, body %q, %v; want half a body and an error", code, body, err)
	}
	if _, _, err := get("/abort"); err == nil {
		t.Error("ErrAbortHandler did not drop the connection")
	}
	base.CloseIdleConnections()
	s.Close()
	if text := out.String(); strings.Count(text, "secret") != 2 || !strings.Contains(text, "refuse_test.go") {
		t.Errorf("the log has\n%s\nwant two panics, with their stacks", text)
	}
}
