package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/backstay-go/backstay/gateway/config"
)

// patience is how long a test waits for what should happen soon.
const patience = time.Minute

// binary is the command under test, built once.
var binary string

func TestMain(m *testing.M) {
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "backstay")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "backstay")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// process is a running backstay serve.
type process struct {
	t     *testing.T
	cmd   *exec.Cmd
	front string // its URL
	admin string // that of the admin listener
	ended chan struct{}

	mu     sync.Mutex
	stderr bytes.Buffer
}

// serveProcess starts backstay serve with a configuration, on free ports, and
// waits until it listens. It is killed at the end of the test.
func serveProcess(t *testing.T, configuration string) *process {
	t.Helper()
	p := &process{t: t, ended: make(chan struct{})}
	p.cmd = exec.Command(binary, "serve", "--config", file(t, configuration), "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	pipe, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 2)
	go p.read(bufio.NewScanner(pipe), lines)
	p.front = p.url(lines, "backstay: listening on ")
	p.admin = p.url(lines, "backstay: admin on ")
	t.Cleanup(func() { _ = p.cmd.Process.Kill(); <-p.ended })
	return p
}

// read passes on the first lines of standard error, and keeps all.
func (p *process) read(stderr *bufio.Scanner, first chan<- string) {
	for stderr.Scan() {
		p.mu.Lock()
		fmt.Fprintln(&p.stderr, stderr.Text())
		p.mu.Unlock()
		select {
		case first <- stderr.Text():
		default:
		}
	}
	_ = p.cmd.Wait()
	close(p.ended)
}

// url returns what follows a prefix in the next line.
func (p *process) url(lines <-chan string, prefix string) string {
	p.t.Helper()
	select {
	case line := <-lines:
		url, ok := strings.CutPrefix(line, prefix)
		if !ok {
			p.t.Fatalf("serve printed %q, want %q and a URL", line, prefix)
		}
		return url
	case <-p.ended:
		p.t.Fatalf("serve ended: %s", p.output())
	case <-time.After(patience):
		p.t.Fatal("serve printed nothing")
	}
	return ""
}

// output returns what the process has printed on standard error.
func (p *process) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stderr.String()
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// exitCode waits until the process has ended.
func (p *process) exitCode() int {
	p.t.Helper()
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		p.t.Fatal("the process does not end")
		return 0
	}
}

// routeState is what the tests read of a route's state.
type routeState struct {
	Requests struct{ Succeeded, Refused int64 }
	Attempts int64
	Breaker  struct{ State string }
}

// state reads the state of the first route from the admin listener.
func (p *process) state() routeState {
	p.t.Helper()
	resp, err := http.Get(p.admin + "/api/v1/state")
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	var s struct{ Routes []routeState }
	if err := json.NewDecoder(resp.Body).Decode(&s); err != nil || len(s.Routes) == 0 {
		p.t.Fatalf("the state is %+v, %v", s, err)
	}
	return s.Routes[0]
}

// status returns the status of a GET through the gateway.
func (p *process) status() int {
	p.t.Helper()
	resp, err := http.Get(p.front)
	if err != nil {
		p.t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

// until polls until a condition holds.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for tick := time.NewTicker(5 * time.Millisecond); !holds(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("after %v, still not: %s", patience, what)
		}
	}
}

func TestSigtermStopsServe(t *testing.T) {
	for _, signal := range []os.Signal{syscall.SIGTERM, syscall.SIGINT} {
		p := serveProcess(t, goodFile+"shutdown: {drain_delay: 0s}\n")
		p.signal(signal)
		if got := p.exitCode(); got != exitOK {
			t.Errorf("after %v the exit code is %d, want %d\n%s", signal, got, exitOK, p.output())
		}
		if !strings.Contains(p.output(), "backstay: stopping: ") {
			t.Errorf("serve does not say that it stops:\n%s", p.output())
		}
	}
}

func TestGraceExceeded(t *testing.T) {
	up := newUpstream(t)
	up.hang.Store(true)
	p := serveProcess(t, up.config("shutdown: {drain_delay: 0s, grace: 1ms}"))
	go func() {
		if resp, err := http.Get(p.front); err == nil {
			resp.Body.Close()
		}
	}()
	until(t, "the request is under way", func() bool { return up.seen.Load() == 1 })
	p.signal(syscall.SIGTERM)
	if got := p.exitCode(); got != exitGrace {
		t.Errorf("the exit code is %d, want %d\n%s", got, exitGrace, p.output())
	}
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	p := serveProcess(t, goodFile+"shutdown: {drain_delay: 1h}\n")
	p.signal(syscall.SIGTERM)
	until(t, "stopping", func() bool { return strings.Contains(p.output(), "stopping") })
	p.signal(syscall.SIGTERM)
	if got, want := p.exitCode(), exitSignal+int(syscall.SIGTERM); got != want {
		t.Errorf("the exit code is %d, want %d", got, want)
	}
	if want := "\nbackstay: stopped at once by a second signal (terminated)\n"; !strings.HasSuffix(p.output(), want) {
		t.Errorf("serve printed\n%s\nwant%sat its end", p.output(), want)
	}
}

func TestBadConfigurationEndsTheProcess(t *testing.T) {
	name := file(t, "upstream: nowhere\n")
	out, err := exec.Command(binary, "serve", "--config", name).CombinedOutput()
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || exit.ExitCode() != exitUsage {
		t.Errorf("serve ended with %v, want exit code %d", err, exitUsage)
	}
	if want := name + `:1:11: the endpoint "nowhere" is not a URL`; !strings.HasPrefix(string(out), want) {
		t.Errorf("serve printed\n%s\nwant %s", out, want)
	}
}

// The shortest file keeps the addresses of its defaults, which are documented.
func TestDefaultAddresses(t *testing.T) {
	c := (&config.Config{}).Complete()
	if c.Listen != "127.0.0.1:8080" || c.Admin != "127.0.0.1:9901" {
		t.Errorf("the defaults are %s and %s", c.Listen, c.Admin)
	}
}
