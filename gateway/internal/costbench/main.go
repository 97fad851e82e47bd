// Command costbench measures what the gateway costs: the CPU time that backstay
// serve spends on a request, with a rate limit, breaker, retry and timeout on
// the route, against that of a plain httputil.ReverseProxy with the same
// transport.
//
//	go build -o bin/backstay ./cmd/backstay
//	go run ./gateway/internal/costbench -backstay bin/backstay
//
// Both proxies and the upstream behind them are processes of their own. They are
// measured in turns, several times, and the medians are compared: machines are
// noisy, so only the ratio means anything.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
)

func main() {
	mode := flag.String("child", "", "run as a `child`: upstream or plain")
	target := flag.String("target", "", "the `URL` that the child plain sends requests to")
	backstay := flag.String("backstay", "bin/backstay", "the `binary` to measure")
	requests := flag.Int("requests", 5_000, "the `number` of requests in a round")
	rounds := flag.Int("rounds", 30, "the `number` of rounds")
	connections := flag.Int("connections", 16, "the `number` of connections")
	limit := flag.Float64("limit", 0, "fail if the ratio is above this `number`")
	flag.Parse()

	var err error
	switch *mode {
	case "upstream":
		err = serveUpstream()
	case "plain":
		err = servePlain(*target)
	default:
		err = compare(*backstay, load{*requests, *connections}, *rounds, *limit)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "costbench:", err)
		os.Exit(1)
	}
}

// compare measures both proxies in turns and prints the result.
func compare(backstay string, l load, rounds int, limit float64) error {
	var all children
	defer all.stop()
	upstream, err := all.startSelf("-child", "upstream")
	if err != nil {
		return err
	}
	plain, err := all.startSelf("-child", "plain", "-target", upstream.url)
	if err != nil {
		return err
	}
	gateway, err := all.startGateway(backstay, upstream.url)
	if err != nil {
		return err
	}
	var plainCosts, gatewayCosts, ratios []float64
	for round := range rounds + warmUp {
		p, g, err := costs(plain, gateway, l, round%2 == 0)
		if err != nil {
			return err
		}
		if round >= warmUp {
			plainCosts, gatewayCosts, ratios = append(plainCosts, p), append(gatewayCosts, g), append(ratios, g/p)
		}
	}
	ratio := median(ratios)
	fmt.Printf("CPU time for 100k requests, medians of %d rounds of %d:\n", rounds, l.requests)
	fmt.Printf("  plain httputil.ReverseProxy  %.2f s\n", median(plainCosts))
	fmt.Printf("  backstay serve               %.2f s\n", median(gatewayCosts))
	fmt.Printf("  ratio                        %.3f (from %.3f to %.3f in half of the rounds)\n",
		ratio, ratios[len(ratios)/4], ratios[len(ratios)*3/4])
	if limit > 0 && ratio > limit {
		return fmt.Errorf("the ratio is %.3f, the limit %.3f", ratio, limit)
	}
	return nil
}

// warmUp is how many rounds do not count: connections are made and pools filled.
const warmUp = 2

// costs measures one round of both, in an order that changes from round to round:
// what slows the machine down for a while falls on both alike.
func costs(plain, gateway *child, l load, plainFirst bool) (p, g float64, err error) {
	first, second := plain, gateway
	if !plainFirst {
		first, second = gateway, plain
	}
	if p, err = first.cost(l); err != nil {
		return 0, 0, err
	}
	if g, err = second.cost(l); err != nil {
		return 0, 0, err
	}
	if !plainFirst {
		p, g = g, p
	}
	return p, g, nil
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
