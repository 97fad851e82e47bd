package main

import (
	"strings"
	"testing"
)

func TestTally(t *testing.T) {
	tests := map[string]struct {
		events   string
		want     string // the last line
		good, ci bool
	}{
		"a pass": {
			events: `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"--- PASS\n"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p"}`,
			want: "1 passed, 0 failed, 0 skipped", good: true, ci: true,
		},
		"a subtest and its parent": {
			events: `{"Action":"fail","Package":"p","Test":"TestA/x"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestB"}
{"Action":"fail","Package":"p"}`,
			want: "1 passed, 2 failed, 0 skipped",
		},
		"a skip": {
			events: `{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"skip","Package":"p","Test":"TestB"}`,
			want: "1 passed, 0 failed, 1 skipped", good: true,
		},
		"a package that does not build": {
			events: `{"Action":"pass","Package":"q","Test":"TestA"}
{"Action":"build-output","ImportPath":"p","Output":"syntax error\n"}
{"Action":"fail","Package":"p"}`,
			want: "1 passed, 1 failed, 0 skipped",
		},
		"no tests": {
			events: `{"Action":"skip","Package":"p"}`,
			want:   "0 passed, 0 failed, 0 skipped",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got tally
			var out strings.Builder
			if err := got.read(&out, strings.NewReader(test.events+"\n")); err != nil {
				t.Fatal(err)
			}
			got.close(&out)
			lines := strings.Split(strings.TrimSpace(out.String()), "\n")
			if last := lines[len(lines)-1]; last != test.want {
				t.Errorf("the last line is %q, want %q", last, test.want)
			}
			if got.good(false) != test.good || got.good(true) != test.ci {
				t.Errorf("good is %v, in CI %v; want %v, %v", got.good(false), got.good(true), test.good, test.ci)
			}
		})
	}
}

func TestTallyShowsWhyTestsFail(t *testing.T) {
	events := `{"Action":"output","Package":"p","Test":"TestA","Output":"the quiet one\n"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestB","Output":"got 1, want 2\n"}
{"Action":"fail","Package":"p","Test":"TestB"}
words of the go command
`
	var got tally
	var out strings.Builder
	if err := got.read(&out, strings.NewReader(events)); err != nil {
		t.Fatal(err)
	}
	want := "got 1, want 2\nwords of the go command\n"
	if out.String() != want {
		t.Errorf("printed %q, want %q", out.String(), want)
	}
}
