package traps_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/backstay-go/backstay/traps/driver"
	"github.com/backstay-go/backstay/traps/harness"
	"github.com/backstay-go/backstay/traps/rivals"
	"github.com/backstay-go/backstay/traps/scenario"
)

func TestMain(m *testing.M) {
	harness.Child(rivals.All())
	code := m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, "goroutines are left when all tests have ended:", err)
		code = 1
	}
	os.Exit(code)
}

// TestBackstay is what the suite is for: every trap passes here.
func TestBackstay(t *testing.T) {
	for _, impl := range []*driver.Implementation{rivals.Backstay(), rivals.BackstayPipeline()} {
		for _, trap := range scenario.All() {
			t.Run(impl.Name+"/"+trap.ID, func(t *testing.T) {
				harness.Run(t, trap, impl, func(r harness.Result) {
					if r.Verdict == harness.Fail || r.Verdict == harness.Missing && impl.Breaker != nil {
						t.Errorf("%s: %s: %s", trap.Text, r.Verdict, r.Reason)
					}
				})
			})
		}
	}
}

// TestRivals runs every trap against every rival. What they do is logged and not
// judged; that all of them come to an end is.
func TestRivals(t *testing.T) {
	for _, impl := range rivals.All()[1:] {
		results, err := harness.Record(impl, scenario.All(), 5*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		verdicts := make(map[harness.Verdict]int)
		for _, trap := range scenario.All() {
			r, ok := results[trap.ID]
			if !ok {
				t.Errorf("%s: trap %s has no result", impl.Name, trap.ID)
			}
			verdicts[r.Verdict]++
		}
		t.Logf("%s: %v", impl.Name, verdicts)
	}
}

// TestMatrixIsCurrent compares the rows and columns of MATRIX.md, and our own
// cells, with what there is.
func TestMatrixIsCurrent(t *testing.T) {
	file, err := os.ReadFile("MATRIX.md")
	if err != nil {
		t.Fatal(err)
	}
	const fresh = "; run: go run ./traps/cmd/matrix -md > traps/MATRIX.md"
	header := "| # | trap |"
	for _, impl := range rivals.All() {
		header += " " + strings.TrimSpace(impl.Name+" "+impl.Version) + " |"
	}
	if !strings.Contains(string(file), header+"\n") {
		t.Errorf("MATRIX.md has no header %q%s", header, fresh)
	}
	rows := strings.Count(string(file), "\n| ") - 2 // but for the header and the totals
	if all := scenario.All(); rows != len(all) {
		t.Errorf("MATRIX.md has %d rows, there are %d traps%s", rows, len(all), fresh)
	}
	for _, trap := range scenario.All() {
		if row := fmt.Sprintf("\n| %s | %s | ✓ |", trap.ID, trap.Text); !strings.Contains(string(file), row) {
			t.Errorf("MATRIX.md has no row %q%s", row[1:], fresh)
		}
	}
}

// TestVersions compares the versions in the matrix with those in go.mod.
func TestVersions(t *testing.T) {
	file, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for _, impl := range rivals.All() {
		if impl.Version != "" && !strings.Contains(string(file), " "+impl.Version+"\n") {
			t.Errorf("%s is at %s in the matrix, go.mod has another version", impl.Name, impl.Version)
		}
	}
}
