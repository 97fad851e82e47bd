package repo

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"testing"
)

// layers is the table of who may import whom. Imports only point down, and
// policies never import each other: that is what keeps each of them usable, and
// readable, alone. A pattern is matched by path.Match; a trailing /... matches
// everything below. What stands in no row may not exist.
var layers = []struct {
	packages []string // below the module path; "." is the root package
	allowed  []string
}{
	{[]string{"gate", "event"}, nil},
	{[]string{"gate/gatetest"}, []string{"gate", "internal/bubble"}},
	{[]string{"internal/core/..."}, []string{"gate", "internal/core/..."}},
	{[]string{"internal/..."}, []string{"gate", "event", "internal/..."}},
	{policies, []string{"gate", "event", "internal/..."}},
	{[]string{"hedge"}, []string{"gate", "event", "retry", "internal/..."}},
	{[]string{"."}, []string{"gate", "event", "retry", "internal/..."}},
	{[]string{"health", "lifecycle", "edge"}, []string{"gate", "event", "internal/..."}},
	{[]string{"stale", "backstayhttp", "backstaysql"}, slices.Concat(
		[]string{".", "gate", "event", "hedge", "lifecycle", "internal/..."}, policies)},
	{[]string{"sim/...", "lint/..."}, slices.Concat(
		[]string{".", "gate", "event", "hedge", "internal/..."}, policies)},
	{[]string{"contrib/..."}, []string{".", "gate", "event", "internal/...", "*"}},
	{[]string{"gateway/...", "cmd/...", "benchmarks/...", "traps/..."}, []string{"..."}},
	{[]string{"tools/..."}, []string{"tools/..."}},
}

// policies are the packages that hold one policy each.
var policies = []string{
	"adaptive", "breaker", "bulkhead", "fault", "ratelimit", "retry", "shed", "throttle",
}

// onlyForThemselves are trees that nothing else may import.
var onlyForThemselves = map[string][]string{
	"gateway/...":    {"gateway/...", "cmd/..."},
	"cmd/...":        {"cmd/..."},
	"benchmarks/...": {"benchmarks/..."},
	"traps/...":      {"traps/..."},
	"tools/...":      {"tools/..."},
}

func matches(patterns []string, pkg string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		if tree, all := strings.CutSuffix(pattern, "..."); all {
			return strings.HasPrefix(pkg+"/", tree)
		}
		ok, err := path.Match(pattern, pkg)
		return ok && err == nil
	})
}

// allowed returns what pkg may import: the first row that names it counts.
func allowed(pkg string) (patterns []string, known bool) {
	for _, layer := range layers {
		if matches(layer.packages, pkg) {
			return layer.allowed, true
		}
	}
	return nil, false
}

func TestImportsPointDown(t *testing.T) {
	for _, dir := range moduleDirs(t) {
		for _, p := range goList(t, dir, "./...") {
			name := cmp.Or(p.path(), ".")
			down, known := allowed(name)
			if !known {
				t.Errorf("package %s stands in no row of the table `layers`: add it to the layer it belongs to", name)
				continue
			}
			for _, imported := range p.Imports {
				if !ours(imported) {
					continue
				}
				checkImport(t, name, cmp.Or(below(imported), "."), down)
			}
		}
	}
}

func checkImport(t *testing.T, name, imported string, down []string) {
	t.Helper()
	if !matches(down, imported) {
		t.Errorf("package %s imports %s: it may import only %q of ours; move what it needs down a layer, or invert it with an interface", name, imported, down)
	}
	for tree, importers := range onlyForThemselves {
		if matches([]string{tree}, imported) && !matches(importers, name) {
			t.Errorf("package %s imports %s: only %q may", name, imported, importers)
		}
	}
}

func TestLayersTell(t *testing.T) {
	tests := []struct {
		from, to string
		want     bool
	}{
		{"gate", "event", false},
		{"breaker", "gate", true},
		{"breaker", "internal/core/trip", true},
		{"breaker", "bulkhead", false},
		{"retry", ".", false},
		{".", "retry", true},
		{".", "breaker", false},
		{"internal/core/trip", "internal/clock", false},
		{"internal/permits", "internal/core/waitq", true},
		{"internal/permits", "bulkhead", false},
		{"backstayhttp", ".", true},
		{"gateway", "breaker", true},
	}
	for _, test := range tests {
		down, known := allowed(test.from)
		if got := known && matches(down, test.to); got != test.want {
			t.Errorf("%s may import %s = %v, want %v", test.from, test.to, got, test.want)
		}
	}
}

// TestOnlyTheStandardLibrary looks at tests too.
func TestOnlyTheStandardLibrary(t *testing.T) {
	for _, p := range goList(t, ".", "-deps", "-test", "./...") {
		domain, _, _ := strings.Cut(p.ImportPath, "/")
		if strings.Contains(domain, ".") && !strings.HasPrefix(p.ImportPath, modulePath) {
			t.Errorf("the root module depends on %s: it is to need the standard library only", p.ImportPath)
		}
	}
}
