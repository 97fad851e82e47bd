package repo

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// mod is what `go mod edit -json` prints, and `go work edit -json`.
type mod struct {
	Go      string
	Require []struct{ Path, Version string }
	Replace []struct{ Old, New struct{ Path string } }
	Use     []struct{ DiskPath string }
}

func readMod(t *testing.T, dir string) mod {
	t.Helper()
	var m mod
	if err := json.Unmarshal(goRun(t, dir, "mod", "edit", "-json"), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestRootModuleRequiresNothing(t *testing.T) {
	for _, require := range readMod(t, ".").Require {
		t.Errorf("the root module requires %s: it is to need the standard library only; what needs more goes into a module of its own", require.Path)
	}
	if _, err := os.Stat(filepath.Join(root, "go.sum")); err == nil {
		t.Error("the root module has a go.sum: remove it, nothing is required")
	}
}

func TestWorkspaceHoldsEveryModule(t *testing.T) {
	var work mod
	if err := json.Unmarshal(goRun(t, ".", "work", "edit", "-json", "go.work"), &work); err != nil {
		t.Fatal(err)
	}
	var used []string
	for _, use := range work.Use {
		used = append(used, filepath.ToSlash(filepath.Clean(use.DiskPath)))
	}
	slices.Sort(used)
	if want := moduleDirs(t); !slices.Equal(used, want) {
		t.Errorf("go.work uses %q, but the modules are %q: run `go work use` with each missing one", used, want)
	}
}

func TestModulesFindEachOtherByReplace(t *testing.T) {
	for _, dir := range moduleDirs(t) {
		m := readMod(t, dir)
		replaced := map[string]bool{}
		for _, r := range m.Replace {
			replaced[r.Old.Path] = true
			if !ours(r.Old.Path) || !strings.HasPrefix(r.New.Path, ".") {
				t.Errorf("%s/go.mod replaces %s by %s: only modules of this repository are replaced, by a relative path", dir, r.Old.Path, r.New.Path)
			}
		}
		for _, r := range m.Require {
			if ours(r.Path) && !replaced[r.Path] {
				t.Errorf("%s/go.mod requires %s without a replace line: add one with the relative path, or GOWORK=off will not find it", dir, r.Path)
			}
		}
		if !strings.HasPrefix(m.Go, "1.26") {
			t.Errorf("%s/go.mod says go %s: want 1.26, as everywhere", dir, m.Go)
		}
	}
}
