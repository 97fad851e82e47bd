package config_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/backstay-go/backstay/gateway/config"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// environment is what tests find in place of the process's own.
func environment(name string) (string, bool) {
	value, ok := map[string]string{"EMPTY": "", "HOST": "example.com", "GRACE": "soon"}[name]
	return value, ok
}

func TestEveryMistakeIsReported(t *testing.T) {
	for _, file := range glob(t, "testdata/bad/*.yaml") {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			_, err := config.Parse(filepath.Base(file), read(t, file), environment)
			mistakes, ok := errors.AsType[config.Mistakes](err)
			if !ok {
				t.Fatalf("Parse = %v, want Mistakes", err)
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".golden", mistakes.Report())
		})
	}
}

func TestGoodFiles(t *testing.T) {
	for _, file := range glob(t, "testdata/good/*.yaml") {
		c, err := config.Parse(filepath.Base(file), read(t, file), environment)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if err := c.Complete().Validate(); err != nil {
			t.Errorf("%s is good, but not with its defaults: %v", file, err)
		}
	}
}

func TestVariables(t *testing.T) {
	const file = `
upstream: http://${HOST}:80
listen: "${NONE:-127.0.0.1}:80${EMPTY:-8}0"
policies:
  default: {timeout: "${T:-1.5s}", breaker: {probes: "${N:-7}"}}
`
	c, err := config.Parse("x", []byte(file), environment)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.Upstream[0], "http://example.com:80"; got != want {
		t.Errorf("upstream is %s, want %s", got, want)
	}
	if got, want := c.Listen, "127.0.0.1:8080"; got != want {
		t.Errorf("listen is %s, want %s", got, want)
	}
	if got, want := c.Policies["default"].Timeout.String(), "1.5s"; got != want {
		t.Errorf("timeout is %s, want %s", got, want)
	}
	if got, want := c.Policies["default"].Breaker.Probes, 7; got != want {
		t.Errorf("probes is %d, want %d", got, want)
	}
}

func TestVariablesAreExpandedInValuesOnly(t *testing.T) {
	_, err := config.Parse("x", []byte("\"${EMPTY:-upstream}\": http://127.0.0.1"), environment)
	if err == nil || !strings.Contains(err.Error(), "unknown field") {
		t.Errorf("a variable in a name gives %v, want an unknown field", err)
	}
}

func TestEscapedVariable(t *testing.T) {
	c, err := config.Parse("x", []byte(`
upstreams: {a: {endpoints: http://127.0.0.1}}
routes:
  - upstream: a
    fallback:
      body: |
        say $${HOST} and ${HOST}, for $5
`), environment)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.Routes[0].Fallback.Body, "say ${HOST} and example.com, for $5\n"; got != want {
		t.Errorf("body is %q, want %q", got, want)
	}
}

func TestFilesOfOtherEditors(t *testing.T) {
	c, err := config.Parse("x", []byte("\uFEFFupstream: http://127.0.0.1:9001\r\nlisten: :80\r\n"), environment)
	if err != nil || c.Listen != ":80" {
		t.Errorf("Parse = %+v, %v; want a byte order mark and carriage returns not to matter", c, err)
	}
}

func TestMergeKeysAreReplacedByOwnKeys(t *testing.T) {
	c, err := config.Parse("long.yaml", read(t, "testdata/good/long.yaml"), environment)
	if err != nil {
		t.Fatal(err)
	}
	eager := c.Policies["eager"]
	if eager.Timeout != c.Policies["careful"].Timeout {
		t.Errorf("timeout is %v, want that of the merged policy", eager.Timeout)
	}
	if !eager.Retry.Budget.Off {
		t.Error("the budget is on, want the policy's own: off")
	}
}

func TestAliasesCannotUnfoldWithoutBound(t *testing.T) {
	bomb := "upstream: http://127.0.0.1\npolicies:\n  p0: &p0 {timeout: 1s}\n"
	for i := range 9 {
		bomb += fmt.Sprintf("  p%d: &p%d {<<: [%s]}\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*p%d, ", i), 10))
	}
	_, err := config.Parse("x", []byte(bomb), environment)
	if err == nil || !strings.Contains(err.Error(), "unfold") {
		t.Errorf("Parse = %.200v, want a bound on what aliases unfold to", err)
	}
}

// Merging is unfolding, too, though most keys replace one another.
func TestMergedKeysAreBounded(t *testing.T) {
	var bomb strings.Builder
	bomb.WriteString("policies:\n  a: &a {")
	for i := range 3000 {
		fmt.Fprintf(&bomb, "k%d: 1, ", i)
	}
	bomb.WriteString("}\n  b: {<<: [" + strings.Repeat("*a, ", 3000) + "]}\n")
	_, err := config.Parse("x", []byte(bomb.String()), environment)
	if err == nil || !strings.Contains(err.Error(), "unfold") {
		t.Errorf("Parse = %.200v, want a bound on what aliases unfold to", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/bad/*.yaml", "testdata/good/*.yaml"} {
		for _, file := range glob(f, pattern) {
			f.Add(read(f, file))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := config.Parse("fuzz.yaml", data, environment)
		if err == nil {
			if err := c.Complete().Validate(); err != nil {
				t.Errorf("accepted, but not valid with its defaults: %v", err)
			}
			return
		}
		mistakes, ok := errors.AsType[config.Mistakes](err)
		if !ok || len(mistakes) == 0 {
			t.Fatalf("Parse = %v, want Mistakes", err)
		}
		_ = mistakes.Report()
	})
}

func glob(t testing.TB, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %v, %v", pattern, files, err)
	}
	return files
}

func read(t testing.TB, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// golden compares got with a file, or writes it with -update.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want := string(read(t, file)); got != want {
		t.Errorf("got\n%s\nwant, as in %s,\n%s\nrun go test -update if that is meant", got, file, want)
	}
}
