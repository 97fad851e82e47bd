package backstayhttp_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/backstay-go/backstay"
	"github.com/backstay-go/backstay/backstayhttp"
	"github.com/backstay-go/backstay/gate"
)

// closeNoter is a body that counts how often it is closed.
type closeNoter struct {
	io.Reader
	closed atomic.Int32
}

func (c *closeNoter) Close() error { c.closed.Add(1); return nil }

// noise returns n bytes that compress badly.
func noise(n int) []byte {
	content := make([]byte, n)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(content)
	return content
}

func TestBodyIsReplayedByteForByte(t *testing.T) {
	var mu sync.Mutex
	var sums []string
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hash := sha256.New()
		_, _ = io.Copy(hash, r.Body)
		mu.Lock()
		defer mu.Unlock()
		sums = append(sums, fmt.Sprintf("%x", hash.Sum(nil)))
		if len(sums) < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	onBoth(t, h, func(t *testing.T, s *httptest.Server, base *http.Transport) {
		sums = nil
		content := noise(1 << 20)
		client := &http.Client{Transport: &backstayhttp.Transport{Base: base, Pipeline: &backstay.Pipeline{Retry: atOnce(3)}}}
		resp, err := client.Do(newRequest(t, "PUT", s.URL, bytes.NewReader(content)))
		if err != nil {
			t.Fatal(err)
		}
		readAll(t, resp)
		want := fmt.Sprintf("%x", sha256.Sum256(content))
		if resp.StatusCode != 200 || len(sums) != 3 || sums[0] != want || sums[1] != want || sums[2] != want {
			t.Errorf("status %d, bodies with the sums %q; want 200 and three times %s", resp.StatusCode, sums, want)
		}
	})
}

func TestBodyWithoutGetBodyIsSentOnce(t *testing.T) {
	attempts := 0
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		attempts++
		n, _ := io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprint(w, n)
	})
	onBoth(t, h, func(t *testing.T, s *httptest.Server, base *http.Transport) {
		attempts = 0
		client := &http.Client{Transport: &backstayhttp.Transport{Base: base, Pipeline: &backstay.Pipeline{Retry: atOnce(3)}}}
		body := &closeNoter{Reader: strings.NewReader("once")}
		resp, err := client.Do(newRequest(t, "PUT", s.URL, body))
		if err != nil {
			t.Fatal(err)
		}
		if got := readAll(t, resp); got != "4" || resp.StatusCode != 503 || attempts != 1 {
			t.Errorf("%d attempts, status %d, %q bytes; want one attempt, 503 and 4", attempts, resp.StatusCode, got)
		}
		if body.closed.Load() == 0 {
			t.Error("the body is still open")
		}
	})
}

func TestGetBodyFails(t *testing.T) {
	lost := errors.New("file is gone")
	sent := 0
	g := &recorder{}
	transport := &backstayhttp.Transport{
		Base:     baseFunc(func(r *http.Request) (*http.Response, error) { sent++; return answer(r, 503, ""), nil }),
		Pipeline: &backstay.Pipeline{Retry: atOnce(3), Gates: []gate.Gate{g}},
	}
	req := newRequest(t, "PUT", "http://users/", strings.NewReader("body"))
	req.GetBody = func() (io.ReadCloser, error) { return nil, lost }
	_, err := transport.RoundTrip(req)
	if held, _ := g.state(); !errors.Is(err, lost) || sent != 1 || held != 0 {
		t.Errorf("error %v after %d attempts with %d permits held, want that of GetBody", err, sent, held)
	}
}

// A stream that nobody has read from is sent by the next attempt, and closed once
// when there is none.
func TestUnreadStreamIsClosedOnce(t *testing.T) {
	for _, closes := range []int{0, 1, 2} { // by the base, which may be late with it
		body := &closeNoter{Reader: strings.NewReader("order")}
		sent := 0
		transport := &backstayhttp.Transport{
			Base: baseFunc(func(r *http.Request) (*http.Response, error) {
				sent++
				for range closes {
					r.Body.Close()
				}
				return nil, &net.OpError{Op: "dial", Err: errors.New("refused")}
			}),
			Pipeline: &backstay.Pipeline{Retry: atOnce(3)},
		}
		_, err := transport.RoundTrip(newRequest(t, "POST", "http://users/", body))
		wantSent, wantClosed := 3, int32(1)
		if closes == 0 { // the base may still read it, and close it later
			wantSent, wantClosed = 1, 0
		}
		if err == nil || sent != wantSent || body.closed.Load() != wantClosed {
			t.Errorf("closed %d times by the base: %v, sent %d times, closed %d times; want an error, %d and %d",
				closes, err, sent, body.closed.Load(), wantSent, wantClosed)
		}
	}
}

func TestStreamClosedAfterRoundTrip(t *testing.T) {
	body := &closeNoter{Reader: strings.NewReader("order")}
	var late io.ReadCloser
	transport := &backstayhttp.Transport{
		Base: baseFunc(func(r *http.Request) (*http.Response, error) {
			late = r.Body
			return answer(r, 200, ""), nil
		}),
		Pipeline: &backstay.Pipeline{Retry: atOnce(3)},
	}
	if _, err := transport.RoundTrip(newRequest(t, "POST", "http://users/", body)); err != nil {
		t.Fatal(err)
	}
	late.Close()
	if got := body.closed.Load(); got != 1 {
		t.Errorf("closed %d times, want once: when the base closed it", got)
	}
	if n, err := late.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("reading after Close = %d, %v; want an error", n, err)
	}
}

// zeros is a body of n zeros.
type zeros struct{ n int64 }

func (z *zeros) Read(p []byte) (int, error) {
	if z.n == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), z.n)
	z.n -= n
	return int(n), nil
}

func TestLargeUploadIsNotBuffered(t *testing.T) {
	const size = 64 << 20
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, n)
	})
	s := httptest.NewServer(h)
	defer s.Close()
	base := newBase(s)
	defer base.CloseIdleConnections()
	client := &http.Client{Transport: &backstayhttp.Transport{Base: base, Pipeline: &backstay.Pipeline{Retry: atOnce(3)}}}

	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	resp, err := client.Do(newRequest(t, "PUT", s.URL, &zeros{size}))
	if err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, resp); got != fmt.Sprint(size) {
		t.Errorf("%s bytes arrived, want %d", got, size)
	}
	runtime.ReadMemStats(&after)
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > size/16 {
		t.Errorf("an upload of %d bytes allocated %d, want a small part of it", size, allocated)
	}
}
