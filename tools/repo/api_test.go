package repo

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite api.txt")

const apiHeader = `# The exported surface of the root module, a line for each name, in the form of
# GOROOT/api/go1.*.txt. A test fails when it changes unrecorded: run make api,
# and let the review see the difference.
`

func TestAPIIsRecorded(t *testing.T) {
	file := filepath.Join(root, "api.txt")
	got := publicAPI(t)
	if *update {
		text := apiHeader + strings.Join(got, "\n") + "\n"
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := slices.DeleteFunc(strings.Split(strings.TrimSpace(string(text)), "\n"), func(line string) bool {
		return strings.HasPrefix(line, "#")
	})
	for _, line := range missing(want, got) {
		t.Errorf("- %s", line)
	}
	for _, line := range missing(got, want) {
		t.Errorf("+ %s", line)
	}
	if t.Failed() {
		t.Error("the exported surface differs from api.txt: if that is meant, run make api and commit the file")
	}
}

// missing returns what all has and some has not. Both are sorted.
func missing(all, some []string) []string {
	var out []string
	for _, line := range all {
		if _, ok := slices.BinarySearch(some, line); !ok {
			out = append(out, line)
		}
	}
	return out
}

func TestPackagesExportLittle(t *testing.T) {
	names := map[string]int{}
	for _, line := range publicAPI(t) {
		pkg, rest, _ := strings.Cut(strings.TrimPrefix(line, "pkg "), ", ")
		kind, rest, _ := strings.Cut(rest, " ")
		if kind == "func" || kind == "type" && !strings.Contains(rest, ", ") {
			names[pkg]++
		}
	}
	for pkg, n := range names {
		if n > maxExported {
			t.Errorf("package %s exports %d functions and types, the limit is %d: what does its user not need?", pkg, n, maxExported)
		}
	}
}
