package harness

import (
	"context"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/backstay-go/backstay/traps/driver"
	"github.com/backstay-go/backstay/traps/scenario"
)

// The traps that the tests borrow: both need nothing but a breaker.
var borrowed = []scenario.Trap{scenario.ByID("4"), scenario.ByID("9")}

func TestMain(m *testing.M) {
	Child(fakes())
	os.Exit(m.Run())
}

// fakes are implementations that take a process down, each in its own way.
func fakes() []*driver.Implementation {
	fake := func(name string, f func()) *driver.Implementation {
		return &driver.Implementation{Name: name, Breaker: func(driver.BreakerConfig) driver.Breaker { return breaker(f) }}
	}
	return []*driver.Implementation{
		fake("never opens", func() {}),
		fake("hangs", func() {
			var mu sync.Mutex
			mu.Lock()
			mu.Lock()
		}),
		fake("waits", func() { select {} }),
		fake("dies", func() {
			go panic("in a goroutine of its own")
			select {}
		}),
		fake("panics", func() { panic("on the way\nto a call") }),
		fake("lacks", func() { driver.Missing("sense") }),
		{Name: "none"},
	}
}

// breaker calls itself before each call, and opens at nothing.
type breaker func()

func (b breaker) Do(context.Context, driver.Op) error { b(); return nil }
func (b breaker) State() driver.State                 { return driver.Closed }

func TestRecord(t *testing.T) {
	tests := map[string]Result{
		"never opens": {Fail, "57 failures of 100 calls do not trip it at 0.57"},
		"hangs":       {Fail, "hung: deadlocked on its own lock or waits for ever"},
		"waits":       {Fail, "killed the process: deadlock: all goroutines in bubble are blocked"},
		"dies":        {Fail, "killed the process: in a goroutine of its own"},
		"panics":      {Fail, "panicked: on the way"},
		"lacks":       {Missing, "no sense"},
		"none":        {Missing, "no breaker"},
	}
	for _, impl := range fakes() {
		t.Run(impl.Name, func(t *testing.T) {
			patience := time.Minute
			if impl.Name == "hangs" {
				patience = time.Second
			}
			results, err := Record(impl, borrowed, patience)
			if err != nil {
				t.Fatal(err)
			}
			if len(results) != len(borrowed) {
				t.Errorf("%d traps have a result, want %d", len(results), len(borrowed))
			}
			if got := results["9"]; got != tests[impl.Name] {
				t.Errorf("got %+v, want %+v", got, tests[impl.Name])
			}
		})
	}
}

func TestMatrix(t *testing.T) {
	m := &Matrix{
		Impls: fakes()[:2],
		Traps: borrowed,
		Cells: map[string]map[string]Result{
			"never opens": {"4": {Pass, ""}, "9": {Missing, "no sense"}},
			"hangs":       {"4": {Fail, "hung"}, "9": {Pass, ""}},
		},
	}
	m.Impls[1].Version = "v2"
	tests := map[string]struct {
		write func(io.Writer) error
		lines []string
	}{
		"text": {m.WriteText, []string{
			"4  a panic counts as a failure                                                   ok           FAIL",
			"9  below the minimum of calls it holds; at exactly 57 % it trips, at 56.8 % not  -            ok",
			"   passed, of those that apply                                                   1/1          1/2",
			"hangs v2", "  4: hung",
		}},
		"markdown": {m.WriteMarkdown, []string{
			"| # | trap | never opens | hangs v2 |", "| 4 | a panic counts as a failure | ✓ | **✗** |",
			"|  | passed, of those that apply | 1/1 | 1/2 |", "### hangs v2", "- 4: hung",
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			if err := test.write(&b); err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(b.String(), "\n")
			for _, want := range test.lines {
				if !slices.Contains(lines, want) {
					t.Errorf("no line %q in\n%s", want, &b)
				}
			}
		})
	}
}
