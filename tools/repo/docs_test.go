package repo

import (
	"bytes"
	"go/ast"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestExportedNamesAreDocumented(t *testing.T) {
	public := publicPackages(t)
	for _, file := range sources(t) {
		if file.isTest() || file.ast.Name.Name == "main" {
			continue
		}
		for _, decl := range file.ast.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				if decl.Name.IsExported() && exportedReceiver(decl) && decl.Doc == nil {
					t.Errorf("%s: %s has no comment: say what it guarantees", at(decl), decl.Name.Name)
				}
			case *ast.GenDecl:
				for _, spec := range decl.Specs {
					checkSpec(t, decl, spec)
				}
				if public[path.Dir(file.path)] {
					checkStructs(t, decl)
				}
			}
		}
	}
}

// exportedReceiver reports whether a function has no receiver, or one whose
// type is exported.
func exportedReceiver(f *ast.FuncDecl) bool {
	if f.Recv == nil {
		return true
	}
	typ := f.Recv.List[0].Type
	for {
		switch x := typ.(type) {
		case *ast.StarExpr:
			typ = x.X
		case *ast.IndexExpr:
			typ = x.X
		case *ast.IndexListExpr:
			typ = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return false
		}
	}
}

// checkSpec looks at one line of a declaration. Constants and variables may
// share the comment of their group; a type may not.
func checkSpec(t *testing.T, decl *ast.GenDecl, spec ast.Spec) {
	t.Helper()
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		if !spec.Name.IsExported() {
			return
		}
		if spec.Doc == nil && decl.Doc == nil {
			t.Errorf("%s: type %s has no comment: say what a value of it is", at(spec), spec.Name.Name)
		}
	case *ast.ValueSpec:
		for _, name := range spec.Names {
			if name.IsExported() && spec.Doc == nil && spec.Comment == nil && decl.Doc == nil {
				t.Errorf("%s: %s %s has no comment: say what it means", at(spec), token.Token(decl.Tok), name.Name)
			}
		}
	}
}

// checkStructs wants a comment for each field that users set or read. The counts
// of a Snapshot may speak for themselves.
func checkStructs(t *testing.T, decl *ast.GenDecl) {
	t.Helper()
	for _, spec := range decl.Specs {
		typeSpec, ok := spec.(*ast.TypeSpec)
		if !ok || !typeSpec.Name.IsExported() || typeSpec.Name.Name == "Snapshot" {
			continue
		}
		structType, ok := typeSpec.Type.(*ast.StructType)
		if !ok {
			continue
		}
		for _, field := range structType.Fields.List {
			for _, id := range field.Names {
				if id.IsExported() && field.Doc == nil && field.Comment == nil {
					t.Errorf("%s: field %s.%s has no comment: say its meaning, its unit, and what zero means", at(field), typeSpec.Name.Name, id.Name)
				}
			}
		}
	}
}

// publicPackages are the directories of the root module's packages that users
// import.
func publicPackages(t *testing.T) map[string]bool {
	t.Helper()
	public := map[string]bool{}
	for _, file := range sources(t) {
		dir := path.Dir(file.path)
		if file.inRootModule(t) && !file.isTest() && !strings.Contains("/"+dir+"/", "/internal/") {
			public[dir] = true
		}
	}
	return public
}

func TestPackagesTellWhatTheyAreFor(t *testing.T) {
	told := map[string]bool{}
	for _, file := range sources(t) {
		told[path.Dir(file.path)] = told[path.Dir(file.path)] || file.ast.Doc != nil
	}
	for dir, ok := range told {
		if !ok {
			t.Errorf("package %s has no package comment: begin one in doc.go, what it is for in the first sentence", dir)
		}
	}
}

func TestPublicPackagesHaveAnExample(t *testing.T) {
	missing := publicPackages(t)
	for _, file := range sources(t) {
		if !file.isTest() {
			continue
		}
		for _, decl := range file.ast.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Example") {
				delete(missing, path.Dir(file.path))
			}
		}
	}
	for dir := range missing {
		t.Errorf("package %s has no Example: show its main path in example_test.go", dir)
	}
}

// mapped finds the paths that a document names: `breaker/`, `internal/clock`.
var mapped = regexp.MustCompile("`([a-z][a-zA-Z0-9_./-]*/[a-zA-Z0-9_./-]*)`")

func TestArchitectureNamesWhatExists(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	if lines := bytes.Count(text, []byte("\n")); lines > 300 {
		t.Errorf("ARCHITECTURE.md has %d lines, the limit is 300: it is a map, details belong to the packages", lines)
	}
	for _, match := range mapped.FindAllSubmatch(text, -1) {
		name := string(match[1])
		if _, err := os.Stat(filepath.Join(root, name)); err != nil && !standard(t, name) {
			t.Errorf("ARCHITECTURE.md names %s, which does not exist", name)
		}
	}
	for dir := range publicPackages(t) {
		if dir != "." && !bytes.Contains(text, []byte("`"+dir)) {
			t.Errorf("ARCHITECTURE.md does not name the package `%s`: add it to the code map", dir)
		}
	}
}

// standard reports whether name is a package of the standard library.
func standard(t *testing.T, name string) bool {
	goroot := strings.TrimSpace(string(goRun(t, ".", "env", "GOROOT")))
	_, err := os.Stat(filepath.Join(goroot, "src", name))
	return err == nil
}
