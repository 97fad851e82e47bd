// Command gatewaycost compares what a request costs in `backstay serve`, with a
// rate limit, a breaker, retries and a timeout on its route, with what it costs
// in a plain httputil.ReverseProxy that has the same transport.
//
// It starts an upstream that answers at once, both gateways in front of it, and
// sends requests to the gateways in turn. What counts is the CPU time of the
// gateway's process, as the kernel tells it: it does not depend on what else
// the machine does. It needs Linux.
//
// Usage:
//
//	gatewaycost [-requests n] [-rounds n]
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// goal bounds the CPU time of ours divided by the plain proxy's.
const goal = 1.15

func main() {
	role := flag.String("role", "", "upstream or proxy: what the command starts itself as")
	to := flag.String("to", "", "the `URL` of the upstream of a proxy")
	requests := flag.Int("requests", 20_000, "how many requests a gateway gets in a round")
	rounds := flag.Int("rounds", 7, "how many rounds there are")
	flag.Parse()
	var err error
	switch *role {
	case "upstream":
		err = serve(answer)
	case "proxy":
		err = serveProxy(*to)
	default:
		err = compare(*requests, *rounds)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gatewaycost:", err)
		os.Exit(1)
	}
}

// configuration is the gateway's: what it asks of the policies is not reached.
const configuration = `listen: 127.0.0.1:0
admin: off
upstreams:
  trivial: {endpoints: %s}
policies:
  careful:
    timeout: 3s
    retry: {max_attempts: 3}
    breaker: {failure_rate: 0.5}
routes:
  - {upstream: trivial, policy: careful, rate_limit: {rate: 1000000/s, burst: 1000000, key: client_ip}}
`

func compare(requests, rounds int) error {
	dir, err := os.MkdirTemp("", "gatewaycost")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	self, err := os.Executable()
	if err != nil {
		return err
	}
	upstream, err := start(self, "-role", "upstream")
	if err != nil {
		return err
	}
	defer upstream.stop()
	plain, err := start(self, "-role", "proxy", "-to", upstream.url)
	if err != nil {
		return err
	}
	defer plain.stop()
	ours, err := startGateway(dir, upstream.url)
	if err != nil {
		return err
	}
	defer ours.stop()

	for _, gateway := range []*process{plain, ours} { // connections, pools, heap
		if _, err := gateway.cost(requests); err != nil {
			return err
		}
	}
	var ratios, plainCosts, ourCosts []float64
	for range rounds {
		theirs, err := plain.cost(requests)
		if err != nil {
			return err
		}
		own, err := ours.cost(requests)
		if err != nil {
			return err
		}
		plainCosts, ourCosts = append(plainCosts, theirs), append(ourCosts, own)
		ratios = append(ratios, own/theirs)
	}
	report(median(ourCosts), median(plainCosts), median(ratios), requests, rounds)
	return nil
}

func report(ours, plain, ratio float64, requests, rounds int) {
	verdict := "met"
	if ratio > goal {
		verdict = "MISSED"
	}
	fmt.Printf("CPU seconds of the gateway for 100000 requests, median of %d rounds of %d:\n\n", rounds, requests)
	fmt.Printf("| backstay serve | httputil.ReverseProxy | ratio | goal | verdict |\n")
	fmt.Printf("| -------------- | --------------------- | ----- | ---- | ------- |\n")
	fmt.Printf("| %14.2f | %21.2f | %5.2f | %4.2f | %-7s |\n", ours, plain, ratio, goal, verdict)
}

// startGateway builds the command and starts it.
func startGateway(dir, upstream string) (*process, error) {
	binary := filepath.Join(dir, "backstay")
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Dir = filepath.Join("..", "cmd", "backstay")
	build.Env = append(os.Environ(), "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the gateway: %w\n%s", err, out)
	}
	file := filepath.Join(dir, "gateway.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, configuration, upstream), 0o600); err != nil {
		return nil, err
	}
	return start(binary, "serve", "--config", file)
}

// cost sends requests through the gateway and returns the CPU seconds that
// 100000 of them take it.
func (p *process) cost(requests int) (float64, error) {
	before, err := p.cpu()
	if err != nil {
		return 0, err
	}
	if err := load(p.url, requests); err != nil {
		return 0, err
	}
	after, err := p.cpu()
	return (after - before).Seconds() * 100_000 / float64(requests), err
}

func median(values []float64) float64 {
	return slices.Sorted(slices.Values(values))[len(values)/2]
}

// tick is the unit in which the kernel counts CPU time for processes to read.
const tick = 10 * time.Millisecond
