package demo

import (
	"bytes"
	"context"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"
)

// quick runs a short demo and returns what it prints.
func quick(t *testing.T, c Config) string {
	t.Helper()
	var out bytes.Buffer
	c.Out = &out
	if err := Run(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// wantSummary checks that a demo has ended with its table.
func wantSummary(t *testing.T, out string) {
	t.Helper()
	for i, a := range acts {
		if !regexp.MustCompile(`(?m)^` + string(rune('1'+i)) + ` ` + a.name + ` .*$`).MatchString(out) {
			t.Errorf("no row for act %d, %s, in\n%s", i+1, a.name, out)
		}
	}
	if !regexp.MustCompile(`(?m)^total .*$`).MatchString(out) {
		t.Errorf("no row for the total in\n%s", out)
	}
}

func TestRunWithoutATerminal(t *testing.T) {
	t.Parallel()
	out := quick(t, Config{For: time.Second, Seed: 1})
	if !strings.HasPrefix(out, "# "+naively+"\n") {
		t.Errorf("the output does not begin with what is compared:\n%s", out)
	}
	if strings.Contains(out, "\x1b") {
		t.Error("there are escape sequences without a terminal")
	}
	wantSummary(t, out)
}

// until is a writer that calls a function once it has got some text.
type until struct {
	got  bytes.Buffer
	text string
	then func()
}

func (u *until) Write(p []byte) (int, error) {
	n, err := u.got.Write(p)
	if strings.Contains(u.got.String(), u.text) {
		u.then()
	}
	return n, err
}

func TestRunPrintsLines(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	out := &until{text: "\nt=", then: cancel}
	if err := Run(ctx, Config{For: time.Hour, Out: out}); err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`(?m)^t=\d+s act=1 name=healthy without\.ok=.* with\.ok=.* breaker=closed cause=""$`).MatchString(out.got.String()) {
		t.Errorf("no line with figures in\n%s", out.got.String())
	}
	wantSummary(t, out.got.String())
}

func TestRunOnATerminal(t *testing.T) {
	t.Parallel()
	size := func() (int, int, error) { return 80, 24, nil }
	out := quick(t, Config{For: time.Second, Size: size, Color: true})
	before, after, closed := strings.Cut(out, leave)
	if !strings.HasPrefix(before, enter) || !closed {
		t.Fatalf("the terminal is not opened and closed in %q", out)
	}
	wantSummary(t, after)
}

func TestRunEndsEarlyWithASummary(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var out bytes.Buffer
	size := func() (int, int, error) {
		cancel() // as soon as there is a first frame
		return 80, 24, nil
	}
	if err := Run(ctx, Config{Out: &out, Size: size, Admin: "off"}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), ", admin off") {
		t.Error("the frame does not say that the admin listener is off")
	}
	if _, after, _ := strings.Cut(out.String(), leave); !strings.Contains(after, "\n6 healthy") {
		t.Errorf("no summary in %q", out.String())
	}
}

func TestRunSaysWhatItCannotListenOn(t *testing.T) {
	taken, err := net.Listen("tcp", DefaultAddress)
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	address := taken.Addr().String()
	for want, c := range map[string]Config{"listen: ": {Listen: address}, "admin: ": {Admin: address}} {
		var out bytes.Buffer
		c.Out = &out
		err := Run(t.Context(), c)
		if err == nil || !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), address) {
			t.Errorf("got error %v, want %q and %s in it", err, want, address)
		}
		if out.Len() > 0 {
			t.Errorf("it printed %q before it failed", out.String())
		}
	}
}

func TestConfigIsValidated(t *testing.T) {
	err := Run(t.Context(), Config{For: -time.Second})
	if err == nil || !strings.Contains(err.Error(), "For is -1s") || !strings.Contains(err.Error(), "Out is nil") {
		t.Errorf("got %v, want both mistakes", err)
	}
}
