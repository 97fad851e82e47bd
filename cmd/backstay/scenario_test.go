package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// upstream is a service that fails as it is told.
type upstream struct {
	url  string
	seen atomic.Int64 // requests
	dead atomic.Bool  // it closes connections
	hang atomic.Bool  // it never answers

	mu      sync.Mutex
	random  *rand.Rand
	failing float64 // the share of 503
}

func newUpstream(t *testing.T) *upstream {
	t.Helper()
	u := &upstream{random: rand.New(rand.NewPCG(1, 2))}
	server := httptest.NewServer(u)
	t.Cleanup(server.Close)
	u.url = server.URL
	return u
}

// config returns a configuration with u as the upstream.
func (u *upstream) config(more string) string { return "upstream: " + u.url + "\n" + more + "\n" }

// ServeHTTP fails, or copies zeros: as many as the query says.
func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	u.seen.Add(1)
	switch {
	case u.dead.Load():
		panic(http.ErrAbortHandler)
	case u.hang.Load():
		<-r.Context().Done()
	case u.fails():
		w.WriteHeader(http.StatusServiceUnavailable)
	default:
		n, _ := strconv.ParseInt(r.URL.Query().Get("bytes"), 10, 64)
		got, _ := io.Copy(io.Discard, r.Body)
		w.Header().Set("X-Received", strconv.FormatInt(got, 10))
		_, _ = io.Copy(w, io.LimitReader(zeros{}, n))
	}
}

func (u *upstream) fails() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.random.Float64() < u.failing
}

// zeros is an endless body.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// A flaky upstream is hardly noticed by those who ask the gateway, with nothing
// configured but its URL.
func TestFlakyUpstream(t *testing.T) {
	up := newUpstream(t)
	up.failing = 0.3
	p := serveProcess(t, up.config(""))
	const clients, each = 8, 250
	var good atomic.Int64
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for range each {
				if p.status() == http.StatusOK {
					good.Add(1)
				}
			}
		})
	}
	all.Wait()
	succeeded := float64(good.Load()) / (clients * each)
	attempts := float64(up.seen.Load()) / (clients * each)
	t.Logf("%.2f %% of clients got 200, with %.3f attempts a request", 100*succeeded, attempts)
	if succeeded < 0.99 || attempts > 1.5 {
		t.Errorf("%.2f %% of clients got 200 with %.3f attempts a request, want at least 99 %% with at most 1.5", 100*succeeded, attempts)
	}
}

// A dead upstream is left alone: clients are refused, and it sees only probes.
func TestDeadUpstream(t *testing.T) {
	up := newUpstream(t)
	up.dead.Store(true)
	p := serveProcess(t, up.config("policies: {default: {timeout: 5s, retry: {}, breaker: {consecutive: 5, cooldown: 1h}}}"))
	until(t, "the breaker is open", func() bool { p.status(); return p.state().Breaker.State == "open" })
	before := up.seen.Load()
	var took []time.Duration
	for range 500 {
		begun := time.Now()
		resp, err := http.Get(p.front)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		took = append(took, time.Since(begun))
		after, err := strconv.Atoi(resp.Header.Get("Retry-After"))
		if resp.StatusCode != http.StatusServiceUnavailable || err != nil || after < 1 ||
			!strings.HasPrefix(resp.Header.Get("Content-Type"), "application/problem+json") {
			t.Fatalf("a refusal is %d %v %s, want 503 with Retry-After and problem+json", resp.StatusCode, resp.Header, body)
		}
	}
	if got := up.seen.Load() - before; got != 0 {
		t.Errorf("the upstream saw %d requests while the breaker was open, want 0", got)
	}
	slices.Sort(took)
	t.Logf("a refusal over a connection that is open takes %v at the median, %v at the 99th percentile", took[len(took)/2], took[len(took)*99/100])
}

// While the upstream stays dead it sees probes, and no more of them than the
// cooldown allows. When it is back, the share of requests that reach it grows
// step by step until none is refused.
func TestUpstreamComesBack(t *testing.T) {
	const probes, cooldown = 3, 300 * time.Millisecond
	up := newUpstream(t)
	up.dead.Store(true)
	p := serveProcess(t, up.config(fmt.Sprintf(
		"policies: {default: {breaker: {consecutive: 5, cooldown: %v, max_cooldown: %v, probes: %d, ramp: 2s}}}", cooldown, cooldown, probes)))
	until(t, "the breaker is open", func() bool { p.status(); return p.state().Breaker.State == "open" })

	before, begun := up.seen.Load(), time.Now()
	for up.seen.Load()-before < 4*probes {
		p.status()
	}
	// Up to a fifth is taken off each cooldown.
	periods := int64(time.Since(begun)/(cooldown*8/10)) + 2
	if got := up.seen.Load() - before; got > periods*probes {
		t.Errorf("the dead upstream saw %d requests in %v, want at most %d", got, time.Since(begun), periods*probes)
	}

	up.dead.Store(false)
	until(t, "the first answer", func() bool { return p.status() == http.StatusOK })
	begun = time.Now()
	all, refused, inRow := 0, 0, 0
	until(t, "fifty answers in a row", func() bool {
		all++
		if p.status() == http.StatusOK {
			inRow++
		} else {
			refused, inRow = refused+1, 0
		}
		return inRow >= 50 && p.state().Breaker.State == "closed"
	})
	t.Logf("all requests passed %v after the first, %d were refused until then", time.Since(begun), refused)
	// On a machine that stands still for seconds, the ramp passes unseen.
	if refused == 0 && all > 100 {
		t.Error("no request was refused after the first answer: the share did not grow, it jumped")
	}
}

func TestTransfersNeedLittleMemory(t *testing.T) {
	up := newUpstream(t)
	p := serveProcess(t, up.config(""))
	p.status()
	before := peakMemory(t, p)

	const upload, download = 64 << 20, 1 << 30
	resp, err := http.Post(p.front, "", io.LimitReader(zeros{}, upload))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if got := resp.Header.Get("X-Received"); got != strconv.Itoa(upload) {
		t.Errorf("the upstream received %s bytes, want %d", got, upload)
	}
	resp, err = http.Get(p.front + "?bytes=" + strconv.Itoa(download))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if n, err := io.Copy(io.Discard, resp.Body); n != download || err != nil {
		t.Errorf("the client received %d bytes, %v; want %d", n, err, download)
	}
	grown := peakMemory(t, p) - before
	t.Logf("memory grew by %d KiB", grown)
	if grown > 32<<10 {
		t.Errorf("memory grew by %d KiB for an upload of 64 MiB and a download of 1 GiB", grown)
	}
}

// peakMemory returns the most memory that the process has had, in KiB.
func peakMemory(t *testing.T, p *process) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Skip("no /proc: ", err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		t.Skip("no VmHWM")
	}
	kib, err := strconv.Atoi(fields[0])
	if err != nil {
		t.Fatal(err)
	}
	return kib
}
