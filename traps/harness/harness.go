// Package harness runs traps against implementations and records what happens.
//
// [Run] runs one in this process; it is what the tests of our own packages use.
// [Record] runs many in child processes, because a rival may hang, or panic in a
// goroutine of its own, or leave its bubble deadlocked: the cell then says so
// and the next one runs in a new child.
package harness

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/backstay-go/backstay/traps/driver"
	"github.com/backstay-go/backstay/traps/scenario"
)

// Verdict is what a trap has shown.
type Verdict string

// The verdicts.
const (
	Pass    Verdict = "pass"
	Fail    Verdict = "fail"
	Missing Verdict = "n/a"
)

// Result is the outcome of one trap against one implementation.
type Result struct {
	Verdict Verdict `json:"verdict"`
	// Reason says in one line what was observed, or which feature is missing.
	Reason string `json:"reason,omitempty"`
}

// Run runs one trap against one implementation, under virtual time if the trap
// allows it. The report is called from inside the bubble, as soon as the
// scenario is over: a bubble that then cannot end takes the process with it.
func Run(t *testing.T, trap scenario.Trap, impl *driver.Implementation, report func(Result)) {
	if trap.RealTime {
		report(attempt(t, trap, impl))
		return
	}
	synctest.Test(t, func(t *testing.T) { report(attempt(t, trap, impl)) })
}

// attempt runs the scenario and turns how it ends into a result.
func attempt(t *testing.T, trap scenario.Trap, impl *driver.Implementation) (result Result) {
	s := scenario.NewScene(t.Context(), impl)
	defer s.End()
	defer func() {
		switch ended := recover().(type) {
		case nil:
			result = Result{Verdict: Pass}
		case driver.MissingError:
			result = Result{Verdict: Missing, Reason: ended.Error()}
		case scenario.Failure:
			result = Result{Verdict: Fail, Reason: string(ended)}
		default:
			result = Result{Verdict: Fail, Reason: oneLine(fmt.Sprint("panicked: ", ended))}
		}
	}()
	trap.Run(s)
	return
}

// oneLine keeps a cell of the matrix a cell.
func oneLine(text string) string {
	text, _, _ = strings.Cut(strings.TrimSpace(text), "\n")
	return text
}
