// Matrix runs every trap against every implementation and prints what happened.
package main

import (
	"flag"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/backstay-go/backstay/traps/harness"
	"github.com/backstay-go/backstay/traps/rivals"
	"github.com/backstay-go/backstay/traps/scenario"
)

func main() {
	harness.Child(rivals.All())
	markdown := flag.Bool("md", false, "print Markdown, as in MATRIX.md")
	trap := flag.String("trap", "", "run only the trap with this `number`")
	rival := flag.String("rival", "", "run only this `implementation`")
	patience := flag.Duration("patience", 10*time.Second, "how long a trap may hang")
	flag.Parse()
	if err := run(*markdown, *trap, *rival, *patience); err != nil {
		fmt.Fprintln(os.Stderr, "matrix:", err)
		os.Exit(1)
	}
}

func run(markdown bool, trap, rival string, patience time.Duration) error {
	m := &harness.Matrix{Cells: make(map[string]map[string]harness.Result)}
	for _, t := range scenario.All() {
		if trap == "" || t.ID == trap {
			m.Traps = append(m.Traps, t)
		}
	}
	for _, impl := range rivals.All() {
		if rival == "" || impl.Name == rival {
			m.Impls = append(m.Impls, impl)
		}
	}
	if len(m.Traps) == 0 || len(m.Impls) == 0 {
		return fmt.Errorf("no trap %q or no implementation %q: MATRIX.md lists them", trap, rival)
	}
	if err := record(m, patience); err != nil {
		return err
	}
	if markdown {
		return m.WriteMarkdown(os.Stdout)
	}
	return m.WriteText(os.Stdout)
}

// record fills the cells, two implementations at a time.
func record(m *harness.Matrix, patience time.Duration) error {
	var mu sync.Mutex
	var failure error
	var all sync.WaitGroup
	places := make(chan struct{}, 2)
	for _, impl := range m.Impls {
		all.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			results, err := harness.Record(impl, m.Traps, patience)
			mu.Lock()
			defer mu.Unlock()
			m.Cells[impl.Name] = results
			if err != nil {
				failure = err
			}
		})
	}
	all.Wait()
	return failure
}
