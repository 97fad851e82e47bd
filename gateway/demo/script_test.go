package demo

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestActsShareTheWholeLength(t *testing.T) {
	for _, length := range []time.Duration{time.Second, 7 * time.Second, time.Minute, time.Hour} {
		s := script{length}
		if got := s.begin(0); got != 0 {
			t.Errorf("%v: the first act begins at %v, want 0", length, got)
		}
		for i := range acts[1:] {
			if s.begin(i+1) != s.end(i) {
				t.Errorf("%v: act %d ends at %v, the next begins at %v", length, i+1, s.end(i), s.begin(i+1))
			}
		}
		if got := s.end(len(acts) - 1); got != length {
			t.Errorf("%v: the last act ends at %v", length, got)
		}
	}
}

func TestScriptAtATime(t *testing.T) {
	s := script{100 * time.Second}
	tests := []struct {
		at     time.Duration
		act    string
		errors float64
		slower time.Duration
	}{
		{0, "healthy", 0, 0},
		{10*time.Second - 1, "healthy", 0, 0},
		{10 * time.Second, "errors", 0.3, 0},
		{25 * time.Second, "slow", 0, 800 * time.Millisecond},
		{45*time.Second - 1, "slow", 0, 800 * time.Millisecond},
		{45 * time.Second, "dead", 1, 0},
		{60 * time.Second, "recovery", 0, 900 * time.Millisecond},
		{72500 * time.Millisecond, "recovery", 0, 600 * time.Millisecond},
		{85 * time.Second, "healthy", 0, 0},
		{100 * time.Second, "healthy", 0, 0},
		{200 * time.Second, "healthy", 0, 0},
	}
	for _, test := range tests {
		if got := acts[s.act(test.at)].name; got != test.act {
			t.Errorf("at %v: act %q, want %q", test.at, got, test.act)
		}
		if got := s.behaviour(test.at); got != (behaviour{test.errors, test.slower}) {
			t.Errorf("at %v: got %+v, want %v of errors and %v slower", test.at, got, test.errors, test.slower)
		}
	}
}

func TestScriptOfAnyLengthKeepsItsPace(t *testing.T) {
	long, short := script{100 * time.Second}, script{time.Second}
	for percent := range time.Duration(101) {
		a, b := long.behaviour(percent*time.Second), short.behaviour(percent*10*time.Millisecond)
		if a != b {
			t.Errorf("at %d %%: %+v in 100 s, %+v in 1 s", percent, a, b)
		}
	}
}

// What the acts say of the upstream must be what it does.
func TestActsSayWhatTheyDo(t *testing.T) {
	for _, a := range acts {
		said := a.what + " " + a.watch
		want := []string{}
		if a.errors > 0 && a.errors < 1 {
			want = append(want, fmt.Sprintf("%.0f %% of its answers", a.errors*100))
		}
		for _, slower := range a.slower {
			if slower > 0 {
				want = append(want, fmt.Sprintf("%d ms", slower.Milliseconds()))
			}
		}
		for _, text := range want {
			if !strings.Contains(said, text) {
				t.Errorf("act %s says %q, want %q in it", a.name, said, text)
			}
		}
		for _, line := range []string{a.what, a.watch} {
			if len(line) > 80 {
				t.Errorf("act %s: %q has %d characters, want it to fit 80 columns", a.name, line, len(line))
			}
		}
	}
	if want := fmt.Sprintf("%d ms", maxService.Milliseconds()); !strings.Contains(acts[0].what, want) {
		t.Errorf("act %s says %q, want %q in it", acts[0].name, acts[0].what, want)
	}
}
