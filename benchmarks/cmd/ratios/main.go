// Command ratios compares this library with others and prints one table: what
// each call costs, ours divided by theirs, and whether the goal is met.
//
// The implementations of a row take turns, round after round, and the table
// shows medians, of the ratios too: what disturbs the machine disturbs
// neighbours alike.
//
// Usage:
//
//	ratios [-quick] [-only regexp] [-rounds n] [-time d] [-o file]
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"testing"
	"time"

	"github.com/backstay-go/backstay/benchmarks"
)

func main() {
	var (
		quick  = flag.Bool("quick", false, "few keys and one short round: shows that it works, not how fast")
		only   = flag.String("only", "", "compare only the rows whose name matches the `regexp`")
		rounds = flag.Int("rounds", 21, "how often each implementation takes its turn")
		turn   = flag.Duration("time", 20*time.Millisecond, "how long a turn lasts")
		out    = flag.String("o", "", "write the table to a `file` as well")
	)
	testing.Init()
	flag.Parse()
	if *quick {
		*rounds, *turn = 1, time.Millisecond
	}
	if err := run(benchmarks.Rows(*quick), *only, *rounds, *turn, *out); err != nil {
		fmt.Fprintln(os.Stderr, "ratios:", err)
		os.Exit(2)
	}
}

func run(rows []benchmarks.Row, only string, rounds int, turn time.Duration, out string) error {
	match, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	if rounds < 1 {
		return fmt.Errorf("-rounds is %d: want at least 1", rounds)
	}
	if err := flag.Set("test.benchtime", turn.String()); err != nil {
		return err
	}
	runtime.GOMAXPROCS(benchmarks.Cores)
	var results []result
	for _, row := range rows {
		if !match.MatchString(row.Name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "%s, callers: %d\n", row.Name, row.Callers)
		results = append(results, compare(row, rounds))
	}
	var w io.Writer = os.Stdout
	if out != "" {
		file, err := os.Create(out)
		if err != nil {
			return err
		}
		defer file.Close()
		w = io.MultiWriter(w, file)
	}
	write(w, results, rounds, turn)
	return nil
}
