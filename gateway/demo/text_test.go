package demo

import (
	"slices"
	"testing"
)

func TestWrap(t *testing.T) {
	for _, test := range []struct {
		text string
		want []string
	}{
		{"", []string{""}},
		{"one two", []string{"one two"}},
		{"one two three", []string{"one two", "three"}},
		{"one  two   three four", []string{"one two", "three", "four"}},
		{"overlong-word x", []string{"overlong-word", "x"}},
	} {
		if got := wrap(test.text, 8); !slices.Equal(got, test.want) {
			t.Errorf("wrap(%q, 8) is %q, want %q", test.text, got, test.want)
		}
	}
}

func TestClip(t *testing.T) {
	for _, test := range []struct {
		text  string
		width int
		want  string
	}{{"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"äöü", 3, "äöü"}, {"äöüß", 3, "äö…"}, {"ab", 0, "…"}} {
		if got := clip(test.text, test.width); got != test.want {
			t.Errorf("clip(%q, %d) is %q, want %q", test.text, test.width, got, test.want)
		}
	}
}

func TestLeftAndRight(t *testing.T) {
	for _, test := range []struct{ got, want string }{
		{left("ab", 4), "ab  "}, {left("│b", 4), "│b  "}, {left("abcde", 4), "abcde"},
		{right("ab", 4), "  ab"}, {right("abcde", 4), "abcde"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}

func TestFitLeavesOutEmptyLinesFirst(t *testing.T) {
	for _, test := range []struct {
		height int
		want   []string
	}{
		{5, []string{"a", "", "b", "", "c"}},
		{4, []string{"a", "", "b", "c"}},
		{3, []string{"a", "b", "c"}},
		{2, []string{"a", "b"}},
		{0, []string{"a"}},
	} {
		if got := fit([]string{"a", "", "b", "", "c"}, test.height); !slices.Equal(got, test.want) {
			t.Errorf("fit to %d is %q, want %q", test.height, got, test.want)
		}
	}
}

func TestRulerNamesTheActs(t *testing.T) {
	s := script{100}
	for _, test := range []struct {
		width int
		want  string
	}{
		{100, "│healthy  │errors        │slow               │dead          │recovery                │healthy"},
		{40, "│1  │2    │slow   │dead │recovery │6"},
		{12, "│1│2│3│4│5 │6"},
	} {
		if got := (view{}).ruler(s, test.width); got != test.want {
			t.Errorf("%d wide: %q, want %q", test.width, got, test.want)
		}
	}
}

func TestGrade(t *testing.T) {
	v := view{color: true}
	for share, want := range map[float64]string{1: v.green("x"), 0.95: v.green("x"), 0.94: v.yellow("x"), 0.5: v.yellow("x"), 0.49: v.red("x"), 0: v.red("x")} {
		if got := v.grade(share, "x"); got != want {
			t.Errorf("grade(%v) is %q, want %q", share, got, want)
		}
	}
	if got := (view{}).grade(0, "x"); got != "x" {
		t.Errorf("without color: %q", got)
	}
}
