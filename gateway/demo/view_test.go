package demo

import (
	"flag"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with a file, or writes it with -update.
func golden(t *testing.T, file, got string) {
	t.Helper()
	file = filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant, as in %s,\n%s\nrun go test -update if that is meant", got, file, want)
	}
}

// sample is a frame in the middle of a demo of a minute, in the act dead.
func sample() frame {
	f := frame{
		now: 30 * time.Second, length: time.Minute,
		without: figures{goodput: 0.034, p99: 4030 * time.Millisecond, failing: 3900 * time.Millisecond, perSecond: 101.4, amplification: 3.98},
		with:    figures{goodput: 0.7199, p99: 963 * time.Millisecond, failing: 103 * time.Millisecond, perSecond: 101.4, amplification: 0.71},
		refused: refusals{breaker: 71, bulkhead: 3},
		breaker: breakerFigures{state: "open", cause: "57 of 100 calls failed, last: the upstream answered 503 Service Unavailable"},
		gateway: "http://127.0.0.1:8080", admin: "http://127.0.0.1:9901",
	}
	unknown := point{math.NaN(), math.NaN()}
	for i := range points {
		f.without.course[i], f.with.course[i] = unknown, unknown
		switch {
		case i < 30:
			f.without.course[i], f.with.course[i] = point{1, 100}, point{1, 100}
		case i == 30: // nothing was decided
			f.without.course[i], f.with.course[i] = point{math.NaN(), 100}, point{math.NaN(), 100}
		case i < 60:
			f.without.course[i], f.with.course[i] = point{0.6 - float64(i)/100, float64(10 * i)}, point{0.7, 0}
		}
	}
	return f
}

func TestView(t *testing.T) {
	for _, test := range []struct {
		file string
		view view
	}{
		{"view-60.txt", view{60, 40, false}},
		{"view-80.txt", view{80, 24, false}},
		{"view-100.txt", view{100, 40, false}},
		{"view-100-color.txt", view{100, 40, true}},
	} {
		golden(t, test.file, strings.Join(test.view.render(sample()), "\n")+"\n")
	}
}

func TestViewBeforeAnythingHappened(t *testing.T) {
	m := newMeter(script{time.Minute})
	f := frame{length: time.Minute, without: m.figures(0), with: m.figures(0), breaker: breakerFigures{state: "closed"}}
	golden(t, "view-start.txt", strings.Join(view{80, 24, false}.render(f), "\n")+"\n")
}

var sequence = regexp.MustCompile("\x1b\\[[0-9;]*m")

func TestViewFitsAndStandsStill(t *testing.T) {
	for _, width := range []int{20, 60, 61, 79, 80, 99, 120, 200} {
		for _, height := range []int{20, 24, 40} {
			lines := -1
			for now := time.Duration(0); now <= time.Minute; now += time.Second {
				f := sample()
				f.now = now
				got := view{width, height, true}.render(f)
				if len(got) > height {
					t.Fatalf("%dx%d: %d lines", width, height, len(got))
				}
				if lines >= 0 && len(got) != lines {
					t.Errorf("%dx%d at %v: %d lines, before %d", width, height, now, len(got), lines)
				}
				lines = len(got)
				for _, line := range got {
					if n := utf8.RuneCountInString(sequence.ReplaceAllString(line, "")); n > max(width, minWidth) {
						t.Errorf("%dx%d at %v: %d columns in %q", width, height, now, n, line)
					}
				}
			}
		}
	}
}

func TestColorChangesNothingElse(t *testing.T) {
	plainly := strings.Join(view{80, 24, false}.render(sample()), "\n")
	colored := strings.Join(view{80, 24, true}.render(sample()), "\n")
	if strings.Contains(plainly, "\x1b") {
		t.Error("a view without color has escape sequences")
	}
	if got := sequence.ReplaceAllString(colored, ""); got != plainly {
		t.Errorf("without its sequences, the colored view is\n%s\nwant\n%s", got, plainly)
	}
}

func TestSummary(t *testing.T) {
	without, with := make([]tally, len(acts)), make([]tally, len(acts))
	for i := range acts[:5] { // the last act never began
		without[i] = tally{arrived: 1000, attempts: 4000, decided: 999, good: 250}
		with[i] = tally{arrived: 1000, attempts: 1000, decided: 1000, good: 1000}
		for ms := range 1000 {
			without[i].took.Add(time.Duration(ms+3000) * time.Millisecond)
			with[i].took.Add(time.Duration(ms%70+1) * time.Millisecond)
		}
	}
	for _, test := range []struct {
		file  string
		width int
	}{{"summary-60.txt", 60}, {"summary-80.txt", 80}} {
		lines := summary(without, with, test.width)
		for _, line := range lines {
			if len(line) > test.width {
				t.Errorf("width %d: %d columns in %q", test.width, len(line), line)
			}
		}
		golden(t, test.file, strings.Join(lines, "\n")+"\n")
	}
}
