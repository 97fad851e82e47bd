package main

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/backstay-go/backstay/gateway/internal/conn"
)

// configuration has one of each policy that the comparison is about. No request
// is limited or cut short: it is the cost of the good case.
const configuration = `
listen: 127.0.0.1:0
admin: off
upstreams:
  users: {endpoints: %s}
policies:
  careful:
    timeout: 10s
    retry: {max_attempts: 3}
    breaker: {failure_rate: 0.5}
routes:
  - upstream: users
    policy: careful
    rate_limit: {rate: 1000000/s}
`

// serveUpstream answers every request at once.
func serveUpstream() error {
	return serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "hello\n")
	}))
}

// servePlain is what the gateway is compared with.
func servePlain(target string) error {
	upstream, err := url.Parse(target)
	if err != nil {
		return err
	}
	return serve(&httputil.ReverseProxy{
		Rewrite:    func(p *httputil.ProxyRequest) { p.SetURL(upstream); p.SetXForwarded() },
		Transport:  conn.NewTransport(),
		BufferPool: conn.NewBuffers(),
		ErrorLog:   log.New(os.Stderr, "", 0),
	})
}

// serve prints the address as backstay serve does.
func serve(handler http.Handler) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "listening on http://%s\n", l.Addr())
	return http.Serve(l, handler)
}

// child is a process that serves HTTP.
type child struct {
	cmd *exec.Cmd
	url string
}

// children are the processes that were started.
type children []*child

func (c *children) startSelf(args ...string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return c.start(exec.Command(self, args...))
}

func (c *children) startGateway(binary, upstream string) (*child, error) {
	cmd := exec.Command(binary, "serve", "--config", "-")
	cmd.Stdin = strings.NewReader(fmt.Sprintf(configuration, upstream))
	return c.start(cmd)
}

// start starts a process and waits until it says where it listens.
func (c *children) start(cmd *exec.Cmd) (*child, error) {
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	started := &child{cmd: cmd}
	*c = append(*c, started)
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		if _, url, ok := strings.Cut(lines.Text(), "listening on "); ok {
			started.url = url
			go func() { _, _ = io.Copy(os.Stderr, stderr) }()
			return started, nil
		}
		fmt.Fprintln(os.Stderr, lines.Text())
	}
	return nil, fmt.Errorf("%s does not listen", cmd.Path)
}

func (c *children) stop() {
	for _, child := range *c {
		_ = child.cmd.Process.Kill()
		_ = child.cmd.Wait()
	}
}

// cost returns the CPU seconds that the process spends on 100k requests.
func (c *child) cost(l load) (float64, error) {
	before, err := c.cpuSeconds()
	if err != nil {
		return 0, err
	}
	if err := l.run(strings.TrimPrefix(c.url, "http://")); err != nil {
		return 0, err
	}
	after, err := c.cpuSeconds()
	return (after - before) * 100_000 / float64(l.requests), err
}

// cpuSeconds returns the CPU time of the process so far, in user and kernel mode.
// It is the sum over its threads, as only they are counted in nanoseconds.
func (c *child) cpuSeconds() (float64, error) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", c.cmd.Process.Pid))
	if err != nil || len(threads) == 0 {
		return 0, fmt.Errorf("no /proc with the CPU time of threads: it takes Linux to measure")
	}
	var sum float64
	for _, thread := range threads {
		text, err := os.ReadFile(thread)
		if err != nil {
			return 0, err
		}
		var nanoseconds float64
		if _, err := fmt.Sscan(string(text), &nanoseconds); err != nil {
			return 0, err
		}
		sum += nanoseconds
	}
	return sum / 1e9, nil
}
