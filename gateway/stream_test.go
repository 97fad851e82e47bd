package gateway_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"
)

// zeros is an endless body.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

const mebibyte = 1 << 20

// watchMemory samples the memory in use until the returned function is called,
// which returns how far it went above where it began.
func watchMemory(t *testing.T) func() uint64 {
	t.Helper()
	inUse := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapInuse
	}
	runtime.GC()
	before, top := inUse(), uint64(0)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			top = max(top, inUse())
			select {
			case <-tick.C:
			case <-stop:
				return
			}
		}
	}()
	return func() uint64 {
		close(stop)
		<-stopped
		return top - min(top, before)
	}
}

func TestUploadsAreNotBuffered(t *testing.T) {
	const size = 64 * mebibyte
	backend := backend(t, func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		fmt.Fprintln(w, n, err)
	})
	_, server := serve(t, "upstream: %s", backend)
	for _, method := range []string{http.MethodPost, http.MethodPut} {
		grown := watchMemory(t)
		req, _ := http.NewRequestWithContext(t.Context(), method, server.URL, io.LimitReader(zeros{}, size))
		if got, want := do(t, req).text, fmt.Sprintln(size, nil); got != want {
			t.Errorf("%s: the upstream read %q, want %q", method, got, want)
		}
		if n := grown(); n > 16*mebibyte {
			t.Errorf("%s: memory grew by %d MiB during an upload of 64 MiB", method, n/mebibyte)
		}
	}
}

func TestDownloadsAreNotBuffered(t *testing.T) {
	const size = 1024 * mebibyte
	backend := backend(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.Copy(w, io.LimitReader(zeros{}, size))
	})
	_, server := serve(t, "upstream: %s", backend)
	grown := watchMemory(t)
	resp, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if n, err := io.Copy(io.Discard, resp.Body); n != size || err != nil {
		t.Errorf("the client read %d bytes, %v; want %d", n, err, size)
	}
	if n := grown(); n > 16*mebibyte {
		t.Errorf("memory grew by %d MiB during a download of 1 GiB", n/mebibyte)
	}
}

// The upstream waits for the client to have read each event: so they pass at
// once. All timeouts are over before the last.
func TestServerSentEventsPassAndOutliveTimeouts(t *testing.T) {
	t.Parallel()
	const events = 6
	read := make(chan bool)
	backend := backend(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range events {
			fmt.Fprintf(w, "data: %d\n\n", i)
			_ = http.NewResponseController(w).Flush()
			select {
			case <-read:
			case <-r.Context().Done():
				return
			}
			elapse(t, time.Second)
		}
	})
	_, server := serve(t, "upstream: %s\npolicies: {default: {timeout: 5s, attempt_timeout: 4s, retry: {}, breaker: {}}}", backend)
	resp, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	got := []string{}
	for lines.Scan() {
		if lines.Text() != "" {
			got = append(got, lines.Text())
			read <- true
		}
	}
	if len(got) != events || lines.Err() != nil {
		t.Errorf("the client read %q, %v; want %d events", got, lines.Err(), events)
	}
}

// elapse waits for a time that must pass for real, because sockets have no
// virtual one.
func elapse(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case <-time.After(d):
	case <-t.Context().Done():
	}
}

func TestSlowUploadsOutliveTimeouts(t *testing.T) {
	t.Parallel()
	backend := backend(t, func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, n)
	})
	_, server := serve(t, "upstream: %s\npolicies: {default: {timeout: 4s, breaker: {}}}", backend)
	reader, writer := io.Pipe()
	go func() {
		for range 5 {
			_, _ = writer.Write(make([]byte, 1000))
			elapse(t, time.Second)
		}
		writer.Close()
	}()
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, reader)
	if got := do(t, req); got.StatusCode != http.StatusOK || got.text != "5000" {
		t.Errorf("the client got %d %q, want 200 and 5000", got.StatusCode, got.text)
	}
}

func TestTimeouts(t *testing.T) {
	backend := backend(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // so that the end of the connection is noticed
		<-r.Context().Done()
	})
	bodies := map[string]io.Reader{
		"no body":   nil,
		"short":     strings.NewReader("hello"),
		"long":      io.LimitReader(zeros{}, 2*mebibyte),
		"announced": strings.NewReader(strings.Repeat("x", 2*mebibyte)),
	}
	for _, policy := range []string{"timeout: 50ms", "attempt_timeout: 50ms", "timeout: 60ms, attempt_timeout: 50ms, breaker: {}"} {
		g, server := serve(t, "upstream: %s\npolicies: {default: {"+policy+"}}", backend)
		for name, body := range bodies {
			if s, ok := body.(*strings.Reader); ok {
				_, _ = s.Seek(0, io.SeekStart)
			}
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, body)
			if got := do(t, req); got.StatusCode != http.StatusGatewayTimeout || !isProblem(got) {
				t.Errorf("%s, %s: the client got %d %s, want 504 with a problem", policy, name, got.StatusCode, got.text)
			}
		}
		eventually(t, "all counted as timed out", func() bool { return g.State().Routes[0].Requests.TimedOut == int64(len(bodies)) })
	}
}

func TestWebSocketPasses(t *testing.T) {
	t.Parallel()
	backend := backend(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "websocket" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", "websocket")
		w.WriteHeader(http.StatusSwitchingProtocols)
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = io.Copy(conn, buffered) // an echo: the frames mean nothing to a proxy
	})
	_, server := serve(t, "upstream: %s\npolicies: {default: {timeout: 5s, attempt_timeout: 5s, retry: {}, breaker: {}, bulkhead: {}}}", backend)

	address, _ := url.Parse(server.URL)
	conn, err := net.Dial("tcp", address.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(conn, "GET /chat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n")
	buffered := bufio.NewReader(conn)
	resp, err := http.ReadResponse(buffered, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("the client got %v, %v; want 101", resp, err)
	}
	for i, frame := range []string{"hello", "after the timeout"} {
		elapse(t, time.Duration(i)*5100*time.Millisecond)
		if _, err := io.WriteString(conn, frame); err != nil {
			t.Fatal(err)
		}
		echo := make([]byte, len(frame))
		if _, err := io.ReadFull(buffered, echo); err != nil || string(echo) != frame {
			t.Fatalf("the echo is %q, %v; want %q", echo, err, frame)
		}
	}
}

func TestClientsThatGoAwayAreNoFailures(t *testing.T) {
	arrived := make(chan bool, 1)
	backend := backend(t, func(_ http.ResponseWriter, r *http.Request) {
		arrived <- true
		<-r.Context().Done()
	})
	g, server := serve(t, "upstream: %s\npolicies: {default: {timeout: 10m, retry: {}, breaker: {consecutive: 1}}}", backend)
	ctx, cancel := context.WithCancel(t.Context())
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
	go func() { <-arrived; cancel() }()
	if resp, err := http.DefaultClient.Do(req); err == nil {
		resp.Body.Close()
		t.Fatal("the client got an answer, want none")
	}
	eventually(t, "counted as canceled", func() bool { return g.State().Routes[0].Requests.Canceled == 1 })
	if s := g.State().Routes[0]; s.Breaker.State.String() != "closed" || s.Attempts != 1 {
		t.Errorf("the breaker is %v after %d attempts, want closed after 1", s.Breaker.State, s.Attempts)
	}
}

func TestResponsesThatBreakOff(t *testing.T) {
	backend := backend(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "part")
	})
	g, server := serve(t, "upstream: %s", backend)
	if resp, err := http.Get(server.URL); err == nil {
		defer resp.Body.Close()
		if body, err := io.ReadAll(resp.Body); err == nil {
			t.Errorf("the client read %q without an error, want it to see that the rest is missing", body)
		}
	}
	eventually(t, "counted as aborted", func() bool { return g.State().Routes[0].Requests.Aborted == 1 })
}
