// Command testall runs the tests of every module of the workspace, each by
// itself as its users get it and none from the cache, and ends with a line that counts them:
//
//	412 passed, 0 failed, 3 skipped
//
// Tests and subtests count alike. The exit code is 1 if anything failed, if no
// test ran at all, or if a test was skipped where the environment says CI=true:
// there a skip hides a failure, elsewhere it is only shown.
//
// Usage:
//
//	testall [-race dir] [-- go test flags]
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	race := flag.String("race", "", "the `directory` of the module whose tests run with the race detector")
	flag.Parse()
	tally, err := run(*race, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "testall:", err)
		tally.failed++
	}
	tally.close(os.Stdout)
	if !tally.good(os.Getenv("CI") == "true") {
		os.Exit(1)
	}
}

// run tests all modules and counts.
func run(race string, flags []string) (tally, error) {
	var total tally
	dirs, err := moduleDirs()
	if err != nil {
		return total, err
	}
	for _, dir := range dirs {
		args := append([]string{"test", "-json", "-count=1"}, flags...)
		if race != "" && sameDir(dir, race) {
			args = append(args, "-race")
		}
		if err := total.test(os.Stdout, dir, append(args, "./...")); err != nil {
			return total, err
		}
	}
	return total, nil
}

// moduleDirs returns the directories of the modules that go.work names.
func moduleDirs() ([]string, error) {
	list := exec.Command("go", "list", "-m", "-f", "{{.Dir}}")
	list.Env = append(os.Environ(), "GOWORK=")
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("list the modules of go.work: %w", err)
	}
	dirs := strings.Fields(string(out))
	slices.Sort(dirs) // the root comes first
	return dirs, nil
}

func sameDir(a, b string) bool {
	a, errA := filepath.Abs(a)
	b, errB := filepath.Abs(b)
	return errA == nil && errB == nil && a == b
}

// test runs the go command in a module, without the workspace: the versions
// that count are those of the module's own go.mod.
func (t *tally) test(w io.Writer, dir string, args []string) error {
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	before := t.failed
	readErr := t.read(w, stdout)
	err = cmd.Wait()
	if _, exited := errors.AsType[*exec.ExitError](err); exited && t.failed > before {
		err = nil // what failed has been counted
	}
	if err != nil || readErr != nil {
		return fmt.Errorf("go %s in %s: %w", strings.Join(args, " "), dir, errors.Join(err, readErr))
	}
	return nil
}
