package scenario

import (
	"bytes"
	"io"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/goleak"

	"github.com/backstay-go/backstay/traps/driver"
)

// bodies counts the response bodies that are open.
type bodies struct {
	http.RoundTripper
	open atomic.Int64
}

func (b *bodies) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		b.open.Add(1)
		resp.Body = &countedBody{ReadCloser: resp.Body, open: &b.open}
	}
	return resp, err
}

type countedBody struct {
	io.ReadCloser
	open *atomic.Int64
	once sync.Once
}

func (b *countedBody) Close() error {
	b.once.Do(func() { b.open.Add(-1) })
	return b.ReadCloser.Close()
}

func connectionReused(s *Scene) {
	before := goleak.IgnoreCurrent()
	var requests, connections atomic.Int64
	server := s.server(func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1)%3 != 0 {
			w.WriteHeader(503)
		}
		_, _ = w.Write(bytes.Repeat([]byte("x"), 2048))
	}, false, &connections)
	base := &bodies{RoundTripper: server.Client().Transport}
	client := s.client(base, driver.ClientConfig{Timeout: time.Minute, AttemptTimeout: time.Minute, NoBudget: true})
	for range 10 {
		resp, err := client.Do(s.request(s.Ctx, "GET", server.URL, nil))
		s.Check(err == nil && resp.StatusCode == 200, "a call with 2 failures of 3 attempts fails: %v", err)
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	s.Check(requests.Load() == 30, "%d requests arrived, want 30", requests.Load())
	s.Check(base.open.Load() == 0, "%d bodies are still open", base.open.Load())
	s.Check(connections.Load() == 1, "10 calls used %d connections", connections.Load())
	server.Client().CloseIdleConnections()
	server.Close()
	err := goleak.Find(before)
	s.Check(err == nil, "goroutines are left: %v", err)
}

// plain hides what a reader can do, so that no GetBody is made of it.
type plain struct{ io.Reader }

func bodyReplayed(s *Scene) {
	sent := bytes.Repeat([]byte("0123456789abcdef"), 4096)
	var arrived [][]byte
	server := s.server(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		arrived = append(arrived, body)
		w.WriteHeader(503)
	}, false, nil)
	client := s.client(server.Client().Transport, driver.ClientConfig{NoBudget: true})
	drop(client.Do(s.request(s.Ctx, "PUT", server.URL, bytes.NewReader(sent))))
	s.Check(len(arrived) == 3, "a PUT with GetBody was sent %d times, want 3", len(arrived))
	for i, body := range arrived {
		s.Check(bytes.Equal(body, sent), "attempt %d sent %d other bytes of %d", i+1, len(body), len(sent))
	}
	arrived = nil
	drop(client.Do(s.request(s.Ctx, "PUT", server.URL, plain{bytes.NewReader(sent)})))
	s.Check(len(arrived) == 1, "a body without GetBody was sent %d times", len(arrived))
	s.Check(bytes.Equal(arrived[0], sent), "a body without GetBody arrived with %d of %d bytes", len(arrived[0]), len(sent))
}

// zeros is an endless body.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func uploadStreams(s *Scene) {
	const size = 64 << 20
	server := s.server(func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		if n != size {
			w.WriteHeader(400)
		}
	}, false, nil)
	client := s.client(server.Client().Transport, driver.ClientConfig{Timeout: time.Minute})
	r := s.request(s.Ctx, "PUT", server.URL, io.LimitReader(zeros{}, size))
	r.ContentLength = size
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	resp, err := client.Do(r)
	runtime.ReadMemStats(&after)
	s.Check(err == nil && resp.StatusCode == 200, "the upload fails: %v", err)
	resp.Body.Close()
	used := (after.TotalAlloc - before.TotalAlloc) >> 20
	s.Check(used < 16, "a 64 MiB upload takes %d MiB of memory", used&^15)
}

func bodyReadable(s *Scene) {
	chunk := bytes.Repeat([]byte("0123456789"), 10_000)
	for _, h2 := range []bool{false, true} {
		var calls atomic.Int64
		server := s.server(func(w http.ResponseWriter, r *http.Request) {
			if calls.Add(1) == 1 {
				w.WriteHeader(503)
				return
			}
			for range 100 {
				_, _ = w.Write(chunk)
				_ = http.NewResponseController(w).Flush()
			}
		}, h2, nil)
		client := s.client(server.Client().Transport, driver.ClientConfig{
			Timeout: time.Minute, AttemptTimeout: 30 * time.Second, NoBudget: true,
		})
		resp, err := client.Do(s.request(s.Ctx, "GET", server.URL, nil))
		s.Check(err == nil && resp.StatusCode == 200, "the call fails: %v", err)
		s.Check(resp.ProtoMajor == 2 == h2, "the test itself speaks %s", resp.Proto)
		n, err := io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		s.Check(err == nil && n == int64(100*len(chunk)), "%d bytes of 10 MB are readable over %s: %v", n, resp.Proto, err)
	}
}
