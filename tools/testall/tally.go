package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// tally counts tests and remembers what a closing summary names.
type tally struct {
	passed, failed, skipped int

	failures []string
	skips    []string
}

// event is a line of `go test -json`: see `go doc test2json`.
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
}

// test is one test of one package.
type test struct{ pkg, name string }

// read counts the events of one run of go test. It copies what that run would
// have printed without -json: the packages, and the output of tests that failed
// or were skipped.
func (t *tally) read(w io.Writer, events io.Reader) error {
	output := map[test]*strings.Builder{}
	failedIn := map[string]bool{}
	lines := bufio.NewReader(events)
	for {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		var e event
		if json.Unmarshal(line, &e) != nil {
			_, _ = w.Write(line) // go's own words, not test2json's
			continue
		}
		id := test{e.Package, e.Test}
		switch {
		case e.Action == "build-output":
			fmt.Fprint(w, e.Output)
		case e.Action == "output" && e.Test == "":
			if e.Output != "PASS\n" && !strings.Contains(e.Output, "[no test files]") {
				fmt.Fprint(w, e.Output)
			}
		case e.Action == "output":
			if output[id] == nil {
				output[id] = new(strings.Builder)
			}
			output[id].WriteString(e.Output)
		case e.Test != "":
			t.end(w, e, output[id], failedIn)
		case e.Action == "fail" && !failedIn[e.Package]:
			// The package did not build, or its process died between tests.
			t.failed++
			t.failures = append(t.failures, e.Package)
		}
	}
}

// end counts a test that has ended, and lets go of its output.
func (t *tally) end(w io.Writer, e event, output *strings.Builder, failedIn map[string]bool) {
	name := e.Package + "." + e.Test
	switch e.Action {
	case "pass":
		t.passed++
	case "fail":
		t.failed++
		t.failures = append(t.failures, name)
		failedIn[e.Package] = true
	case "skip":
		t.skipped++
		t.skips = append(t.skips, name)
	default:
		return // run, pause, cont
	}
	if output == nil {
		return
	}
	if e.Action != "pass" {
		fmt.Fprint(w, output.String())
	}
	output.Reset()
}

// close prints what failed, what was skipped, and the counts.
func (t *tally) close(w io.Writer) {
	for _, name := range t.failures {
		fmt.Fprintln(w, "FAILED ", name)
	}
	for _, name := range t.skips {
		fmt.Fprintln(w, "SKIPPED", name)
	}
	fmt.Fprintf(w, "%d passed, %d failed, %d skipped\n", t.passed, t.failed, t.skipped)
}

// good reports whether the run may count as a success.
func (t *tally) good(ci bool) bool {
	return t.failed == 0 && t.passed > 0 && (t.skipped == 0 || !ci)
}
