package harness

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"github.com/backstay-go/backstay/traps/driver"
	"github.com/backstay-go/backstay/traps/scenario"
)

// Record runs traps against impl in child processes of this program, which must
// call [Child]. A trap that neither ends nor fails within patience is recorded
// as hung.
func Record(impl *driver.Implementation, traps []scenario.Trap, patience time.Duration) (map[string]Result, error) {
	results := make(map[string]Result)
	for len(traps) > 0 {
		ids := make([]string, len(traps))
		for i, trap := range traps {
			ids[i] = trap.ID
		}
		c, err := startChild(impl.Name + ":" + strings.Join(ids, ","))
		if err != nil {
			return nil, err
		}
		before := len(results)
		c.follow(results, patience)
		if len(results) == before {
			return nil, fmt.Errorf("child for %s ran nothing: %s", impl.Name, c.stderr.String())
		}
		for len(traps) > 0 && results[traps[0].ID].Verdict != "" {
			traps = traps[1:]
		}
	}
	return results, nil
}

// child is a process that runs traps one after another.
type child struct {
	cmd      *exec.Cmd
	messages chan message
	stderr   *bytes.Buffer
}

func startChild(order string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	c := &child{cmd: exec.Command(self), messages: make(chan message), stderr: new(bytes.Buffer)}
	c.cmd.Env = append(os.Environ(), childVar+"="+order)
	c.cmd.ExtraFiles = []*os.File{w}
	c.cmd.Stderr = c.stderr
	err = c.cmd.Start()
	w.Close()
	if err != nil {
		r.Close()
		return nil, err
	}
	go c.read(r)
	return c, nil
}

// read passes on messages until the child closes its end, by exiting at the
// latest.
func (c *child) read(r io.ReadCloser) {
	defer r.Close()
	defer close(c.messages)
	for lines := bufio.NewScanner(r); lines.Scan(); {
		var m message
		if json.Unmarshal(lines.Bytes(), &m) == nil {
			c.messages <- m
		}
	}
}

// follow notes the results of a child until it exits, or does nothing for the
// length of patience and is killed.
func (c *child) follow(results map[string]Result, patience time.Duration) {
	watchdog := time.NewTimer(patience)
	defer watchdog.Stop()
	current, done, hung := "", true, false
	for open := true; open; {
		var m message
		select {
		case m, open = <-c.messages:
		case <-watchdog.C:
			hung = true
			_ = c.cmd.Process.Kill()
			continue
		}
		if !open {
			break
		}
		watchdog.Reset(patience)
		current, done = m.Trap, m.Done
		if m.Result != nil {
			results[m.Trap] = *m.Result
		}
	}
	_ = c.cmd.Wait()
	if done {
		return
	}
	// What the scenario itself has found says more than how the process ended.
	if results[current].Verdict != Fail {
		results[current] = Result{Verdict: Fail, Reason: c.lastWords(hung)}
	}
}

// What the runtime says when a process dies; the last fatal error is what killed
// it, the panics before it may have been recovered.
var (
	fatalLine = regexp.MustCompile(`(?m)^\s*fatal error: (.*)$`)
	panicLine = regexp.MustCompile(`(?m)^panic: (.*)$`)
)

// lastWords says why the child did not finish a trap.
func (c *child) lastWords(hung bool) string {
	if hung {
		return "hung: deadlocked on its own lock or waits for ever"
	}
	for _, line := range []*regexp.Regexp{fatalLine, panicLine} {
		if m := line.FindStringSubmatch(c.stderr.String()); m != nil {
			words, _, _ := strings.Cut(m[1], " [recovered")
			return "killed the process: " + words
		}
	}
	return "the process died"
}
