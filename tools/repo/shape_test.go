package repo

import (
	"go/ast"
	"regexp"
	"strings"
	"testing"
)

// The limits. Most files and functions are far below; see the targets in
// CONTRIBUTING.md.
const (
	maxFileLines     = 400
	maxFunctionLines = 60
	maxExported      = 15 // functions and types of a public package
)

func TestFilesAreShort(t *testing.T) {
	for _, file := range sources(t) {
		if file.lines > maxFileLines {
			t.Errorf("%s has %d lines, the limit is %d: cut it by concept, one idea a file", file.path, file.lines, maxFileLines)
		}
	}
}

func TestFunctionsAreShort(t *testing.T) {
	for _, file := range sources(t) {
		for _, decl := range file.ast.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			lines := fset.Position(f.End()).Line - fset.Position(f.Pos()).Line + 1
			if lines > maxFunctionLines {
				t.Errorf("%s: %s has %d lines, the limit is %d: name its parts", at(f), f.Name.Name, lines, maxFunctionLines)
			}
		}
	}
}

func TestNoTestSleeps(t *testing.T) {
	for _, file := range sources(t) {
		if !file.isTest() && !strings.HasPrefix(file.path, "internal/bubble/") && !strings.Contains(file.path, "test/") {
			continue
		}
		ast.Inspect(file.ast, func(n ast.Node) bool {
			if isCall(file.ast, n, "time", "Sleep") {
				t.Errorf("%s sleeps: use bubble.Advance inside synctest.Test, or wait for the event itself", at(n))
			}
			return true
		})
	}
}

// A loose end names its issue and says what is missing: "TODO(#12): reason".
var (
	looseEnd = regexp.MustCompile(`\b(TODO|FIXME|XXX|HACK)\b`)
	tiedUp   = regexp.MustCompile(`\bTODO\(#\d+\): \S`)
)

func TestLooseEndsSayWhy(t *testing.T) {
	for _, file := range sources(t) {
		for _, group := range file.ast.Comments {
			for _, comment := range group.List {
				if looseEnd.MatchString(comment.Text) && !tiedUp.MatchString(comment.Text) && !strings.HasPrefix(file.path, "tools/repo/") {
					t.Errorf("%s: %q: finish it, or write TODO(#issue): reason", at(comment), comment.Text)
				}
			}
		}
	}
}
