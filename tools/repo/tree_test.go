package repo

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// modulePath is the path of the root module.
const modulePath = "github.com/backstay-go/backstay"

// root is the directory of the repository, from that of this package.
var root = filepath.Join("..", "..")

// source is one Go file of the repository, whatever its module.
type source struct {
	path  string // from the root, with slashes
	lines int
	ast   *ast.File
}

func (s source) isTest() bool { return strings.HasSuffix(s.path, "_test.go") }

// inRootModule reports whether the file is part of what users import.
func (s source) inRootModule(t *testing.T) bool {
	return !slices.ContainsFunc(moduleDirs(t), func(dir string) bool {
		return dir != "." && strings.HasPrefix(s.path, dir+"/")
	})
}

var fset = token.NewFileSet()

// sources returns all Go files.
func sources(t *testing.T) []source {
	t.Helper()
	all, err := parseAll()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

var parseAll = sync.OnceValues(func() ([]source, error) {
	var all []source
	err := walk(func(path string) error {
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		text, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(fset, path, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		all = append(all, source{filepath.ToSlash(path), bytes.Count(text, []byte("\n")), file})
		return nil
	})
	return all, err
})

// walk calls visit for each file that belongs to the repository.
func walk(visit func(path string) error) error {
	return fs.WalkDir(os.DirFS(root), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !d.IsDir() {
			return visit(path)
		}
		name := d.Name()
		if path != "." && (strings.HasPrefix(name, ".") || name == "testdata" || name == "bin" || name == "node_modules") {
			return fs.SkipDir
		}
		return nil
	})
}

// moduleDirs returns the directories that hold a go.mod, from the root.
func moduleDirs(t *testing.T) []string {
	t.Helper()
	dirs, err := findModules()
	if err != nil {
		t.Fatal(err)
	}
	return dirs
}

var findModules = sync.OnceValues(func() ([]string, error) {
	var dirs []string
	err := walk(func(path string) error {
		if filepath.Base(path) == "go.mod" {
			dirs = append(dirs, filepath.ToSlash(filepath.Dir(path)))
		}
		return nil
	})
	slices.Sort(dirs)
	return dirs, err
})

// pkg is what go list knows about a package.
type pkg struct {
	ImportPath string
	Dir        string
	Imports    []string
	Export     string // the file with its export data
	Module     *struct{ Path string }
}

// path returns the import path below the root module's: "" is the root package.
func (p pkg) path() string { return below(p.ImportPath) }

func below(importPath string) string {
	return strings.TrimPrefix(strings.TrimPrefix(importPath, modulePath), "/")
}

// ours reports whether the package belongs to this repository.
func ours(importPath string) bool {
	return importPath == modulePath || strings.HasPrefix(importPath, modulePath+"/")
}

// goList runs go list in a module, without the workspace.
func goList(t *testing.T, dir string, args ...string) []pkg {
	t.Helper()
	out := goRun(t, dir, append([]string{"list", "-json=ImportPath,Dir,Imports,Export,Module"}, args...)...)
	var all []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		err := dec.Decode(&p)
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// goRun runs the go command in a module, without the workspace.
func goRun(t *testing.T, dir string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = filepath.Join(root, dir)
	cmd.Env = append(os.Environ(), "GOWORK=off")
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		t.Fatalf("go %s in %s: %v\n%s", strings.Join(args, " "), dir, err, exit.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}
