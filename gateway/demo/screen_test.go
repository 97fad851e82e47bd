package demo

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

func TestPlainLine(t *testing.T) {
	want := `t=30s act=4 name=dead without.ok=3.4 without.p99=4030.0ms without.failing=3900.0ms without.rps=101 without.attempts=3.98` +
		` with.ok=71.9 with.p99=963.0ms with.failing=103.0ms with.rps=101 with.attempts=0.71` +
		` refused_by_breaker=71 refused_by_bulkhead=3 breaker=open cause="57 of 100 calls failed, last: the upstream answered 503 Service Unavailable"`
	if got := plainLine(sample()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	unknown := frame{length: time.Minute, breaker: breakerFigures{state: "closed"}}
	unknown.without.goodput, unknown.without.amplification = math.NaN(), math.NaN()
	if got := plainLine(unknown); !strings.Contains(got, "without.ok=- without.p99=- without.failing=- without.rps=0 without.attempts=-") {
		t.Errorf("unknown figures must be -: %s", got)
	}
}

func TestPlainSaysWhatIsCompared(t *testing.T) {
	var out bytes.Buffer
	p := &plain{&out}
	if err := p.open(sample()); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		if !strings.HasPrefix(line, "# ") {
			t.Errorf("%q: want a # before what is no figure", line)
		}
	}
	for _, want := range []string{naively, fairly, sample().gateway} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the head has no %q", want)
		}
	}
}

func TestTerminalIsLeftAsItWas(t *testing.T) {
	var out bytes.Buffer
	screen := &terminal{&out, func() (int, int, error) { return 80, 24, nil }, false}
	if err := errors.Join(screen.open(sample()), screen.draw(sample()), screen.close()); err != nil {
		t.Fatal(err)
	}
	for _, pair := range [][2]string{{"\x1b[?1049h", "\x1b[?1049l"}, {"\x1b[?25l", "\x1b[?25h"}, {"\x1b[?7l", "\x1b[?7h"}} {
		set, reset := strings.LastIndex(out.String(), pair[0]), strings.LastIndex(out.String(), pair[1])
		if set < 0 || reset < set {
			t.Errorf("%q at %d is undone by %q at %d", pair[0], set, pair[1], reset)
		}
	}
	if got := strings.Count(out.String(), "\x1b[H"); got != 2 {
		t.Errorf("%d frames begin at the top, want 2", got)
	}
}

func TestTerminalOfUnknownSize(t *testing.T) {
	var out bytes.Buffer
	screen := &terminal{&out, func() (int, int, error) { return 0, 0, nil }, false}
	if err := screen.draw(sample()); err != nil {
		t.Fatal(err)
	}
	for _, line := range (view{80, 24, false}).render(sample()) {
		if !strings.Contains(out.String(), line) {
			t.Errorf("there is no %q, as on 80x24", line)
		}
	}
}

func TestTerminalThatIsGone(t *testing.T) {
	gone := errors.New("gone")
	screen := &terminal{new(bytes.Buffer), func() (int, int, error) { return 0, 0, gone }, false}
	if err := screen.draw(sample()); !errors.Is(err, gone) {
		t.Errorf("drawing returns %v, want %v", err, gone)
	}
	if got := screen.width(); got != minWidth {
		t.Errorf("text is %d wide, want %d", got, minWidth)
	}
}
