package repo

import (
	"go/ast"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The cores are machines that are told the time and their random numbers: so
// fuzzers, model checkers and a simulator run the same decisions as production.
// time itself is not in the list: its units are welcome.
var notInCores = map[string]string{
	"context":      "a core does not wait: the shell does",
	"sync":         "a core is not safe for concurrent use, or lock-free: the shell locks",
	"math/rand":    "randomness is an argument",
	"math/rand/v2": "randomness is an argument",
	"crypto/rand":  "randomness is an argument",
	"os":           "a core does no I/O",
	"net":          "a core does no I/O",
	"net/http":     "a core does no I/O",
	"log/slog":     "a core reports by its results",
	"runtime":      "a core decides by its arguments alone",
}

// shared are the cores that several goroutines use at once, because the
// compare-and-swap is the algorithm itself. They lock where one word is not
// enough: to reserve, to forget, to change their limits.
var shared = []string{"internal/core/gcra", "internal/core/keytable"}

// clockReaders are the functions of package time that look at the clock.
var clockReaders = []string{
	"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker",
}

func TestCoresHoldNoClock(t *testing.T) {
	for _, file := range sources(t) {
		if !strings.HasPrefix(file.path, "internal/core/") || file.isTest() {
			continue
		}
		for _, spec := range file.ast.Imports {
			imported, _ := strconv.Unquote(spec.Path.Value)
			if imported == "sync" && slices.Contains(shared, path.Dir(file.path)) {
				continue
			}
			if why, banned := notInCores[imported]; banned {
				t.Errorf("%s imports %s: %s", at(spec), imported, why)
			}
		}
		ast.Inspect(file.ast, func(n ast.Node) bool {
			if _, ok := n.(*ast.GoStmt); ok {
				t.Errorf("%s starts a goroutine: a core runs in its caller's", at(n))
			}
			for _, name := range clockReaders {
				if isCall(file.ast, n, "time", name) {
					t.Errorf("%s uses time.%s: a core is told the time, as an argument `now int64`", at(n), name)
				}
			}
			return true
		})
	}
}

// at returns the position of a node as file:line.
func at(n ast.Node) string {
	p := fset.Position(n.Pos())
	return p.Filename + ":" + strconv.Itoa(p.Line)
}

// isCall reports whether n mentions the function name of the imported package.
func isCall(file *ast.File, n ast.Node, pkg, name string) bool {
	sel, ok := n.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != name {
		return false
	}
	x, ok := sel.X.(*ast.Ident)
	return ok && x.Name == pkg && imports(file, pkg)
}

func imports(file *ast.File, pkg string) bool {
	for _, spec := range file.Imports {
		if path, _ := strconv.Unquote(spec.Path.Value); path == pkg && spec.Name == nil {
			return true
		}
	}
	return false
}
