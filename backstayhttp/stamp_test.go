package backstayhttp_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay-go/backstay"
	"github.com/backstay-go/backstay/backstayhttp"
	"github.com/backstay-go/backstay/internal/bubble"
)

func TestHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var timeouts, attempts []string
		pipeline := &backstay.Pipeline{Timeout: 10 * time.Second, Retry: atOnce(3), AttemptTimeout: 4 * time.Second}
		transport := &backstayhttp.Transport{
			Base: baseFunc(func(r *http.Request) (*http.Response, error) {
				timeouts = append(timeouts, r.Header.Get(backstayhttp.TimeoutHeader))
				attempts = append(attempts, r.Header.Get(backstayhttp.AttemptHeader))
				if r.Header.Get("X-Own") != "mine" {
					t.Errorf("the caller's own header is %q, want mine", r.Header.Get("X-Own"))
				}
				bubble.Advance(3300 * time.Microsecond)
				bubble.Advance(3 * time.Second)
				return answer(r, 503, ""), nil
			}),
			Pipeline: pipeline,
		}
		req := newRequest(t, "GET", "http://users/", nil)
		req.Header.Set("X-Own", "mine")
		resp, err := transport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if want := []string{"4000", "4000", "3994"}; !slices.Equal(timeouts, want) {
			t.Errorf("%s %q, want %q: what is left, rounded up", backstayhttp.TimeoutHeader, timeouts, want)
		}
		if want := []string{"", "2", "3"}; !slices.Equal(attempts, want) {
			t.Errorf("%s %q, want %q", backstayhttp.AttemptHeader, attempts, want)
		}
		if len(req.Header) != 1 || resp.Request != req {
			t.Errorf("the caller's request has the headers %v, the response is to %p; want its own, and the caller's %p", req.Header, resp.Request, req)
		}
	})
}

// The deadline of the first caller reaches the last service, and work that
// nobody waits for is not begun.
func TestDeadlineCrossesServices(t *testing.T) {
	var reached atomic.Int32
	back := httptest.NewServer(backstayhttp.Chain(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reached.Add(1)
		deadline, ok := r.Context().Deadline()
		fmt.Fprint(w, ok && time.Until(deadline) <= time.Hour)
	}), backstayhttp.Deadline()))
	defer back.Close()
	base := newBase(back)
	defer base.CloseIdleConnections()
	inner := &http.Client{Transport: &backstayhttp.Transport{Base: base}}
	front := httptest.NewServer(backstayhttp.Chain(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		req, _ := http.NewRequestWithContext(r.Context(), "GET", back.URL, nil)
		resp, err := inner.Do(req)
		if err != nil {
			t.Error(err)
			return
		}
		fmt.Fprint(w, readAll(t, resp))
	}), backstayhttp.Deadline()))
	defer front.Close()

	outer := &http.Client{Transport: &backstayhttp.Transport{Base: base}}
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	resp, err := outer.Do(newRequest(t, "GET", front.URL, nil).WithContext(ctx))
	if err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, resp); got != "true" || reached.Load() != 1 {
		t.Errorf("the last service saw a deadline: %q after %d requests, want true after 1", got, reached.Load())
	}

	expired := newRequest(t, "GET", back.URL, nil)
	expired.Header.Set(backstayhttp.TimeoutHeader, "0")
	resp, err = base.RoundTrip(expired)
	if err != nil {
		t.Fatal(err)
	}
	readAll(t, resp)
	if resp.StatusCode != http.StatusGatewayTimeout || reached.Load() != 1 {
		t.Errorf("expired work: status %d, the handler ran %d times; want 504 and no other time", resp.StatusCode, reached.Load()-1)
	}
}
