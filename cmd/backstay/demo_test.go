package main

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// The figures depend on the machine, and are checked under virtual time in the
// package demo. Here it is about the command as a whole: two real seconds of it.
func TestDemo(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"demo", "--for", "2s", "--no-browser"}, strings.NewReader(""), &stdout, &stderr)
	if code != exitOK || stderr.Len() > 0 {
		t.Errorf("exit code %d and %q, want 0 and silence", code, stderr.String())
	}
	for _, want := range []string{"# Without: ", "\nact ", "\n1 healthy ", "\n6 healthy ", "\ntotal "} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("there is no %q in\n%s", want, stdout.String())
		}
	}
}

func TestDemoInterrupted(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(binary, "demo", "--for", "1h")
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stuck := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer stuck.Stop()
	stdout := bufio.NewReader(pipe)
	for line := ""; !strings.HasPrefix(line, "t="); {
		if line, err = stdout.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(stdout)
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ended with %v, want exit code 0", err)
	}
	if !strings.Contains(string(rest), "\ntotal ") {
		t.Errorf("there is no summary in\n%s", rest)
	}
}

func TestDemoUsage(t *testing.T) {
	for _, test := range []struct {
		args string
		code int
		says string
	}{
		{"demo --for 10ms", exitUsage, "--for is 10ms: write at least 1s"},
		{"demo --for -5s", exitUsage, "write at least 1s"},
		{"demo --for soon", exitUsage, "soon"},
		{"demo extra", exitUsage, "extra"},
		{"demo --listen nowhere", exitUsage, "listen"},
		{"demo --listen 192.0.2.1:0", exitFailed, "cannot listen on 192.0.2.1:0"},
	} {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), strings.Fields(test.args), strings.NewReader(""), &stdout, &stderr)
		if code != test.code || !strings.Contains(stderr.String(), test.says) || strings.Count(stderr.String(), "\n") != 1 {
			t.Errorf("backstay %s: exit code %d and %q, want %d and one line with %q", test.args, code, stderr.String(), test.code, test.says)
		}
	}
}

func TestDemoHelpShowsItsConfiguration(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"demo", "--help"}, strings.NewReader(""), &stdout, &stderr); code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr.String())
	}
	for _, want := range []string{"policies:", "breaker:", "Examples:", "--for"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("there is no %q in\n%s", want, stdout.String())
		}
	}
}
