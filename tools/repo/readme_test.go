package repo

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestReadmeShowsWhatRuns wants each Go block of the README, apart from
// indentation, to be part of a file of examples: nothing is typed twice, and
// nothing that the reader copies fails to compile.
func TestReadmeShowsWhatRuns(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if os.IsNotExist(err) {
		return // before the first one is written
	}
	if err != nil {
		t.Fatal(err)
	}
	examples := exampleFiles(t)
	for _, block := range goBlocks(string(text)) {
		wanted := codeLines(block)
		if !slices.ContainsFunc(examples, func(file []string) bool { return contains(file, wanted) }) {
			t.Errorf("README.md shows code that is in no example_test.go, so that nothing compiles it:\n%s", block)
		}
	}
}

// goBlocks returns the fenced blocks of Go in a Markdown text.
func goBlocks(text string) []string {
	var blocks []string
	for {
		_, rest, found := strings.Cut(text, "```go\n")
		if !found {
			return blocks
		}
		block, after, _ := strings.Cut(rest, "```")
		blocks = append(blocks, block)
		text = after
	}
}

// exampleFiles returns the lines of every file of examples.
func exampleFiles(t *testing.T) [][]string {
	t.Helper()
	var files [][]string
	err := walk(func(path string) error {
		if !strings.HasSuffix(path, "_test.go") || !strings.Contains(filepath.Base(path), "example") {
			return nil
		}
		text, err := os.ReadFile(filepath.Join(root, path))
		files = append(files, codeLines(string(text)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// codeLines returns the lines of code without indentation and empty lines.
func codeLines(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// contains reports whether part stands in all, line after line.
func contains(all, part []string) bool {
	for i := range len(all) - len(part) + 1 {
		if slices.Equal(all[i:i+len(part)], part) {
			return true
		}
	}
	return false
}

func TestGoBlocks(t *testing.T) {
	text := "text\n```go\na := 1\n```\n```sh\nmake\n```\n```go\nb := 2\n\n\tc()\n```\n"
	blocks := goBlocks(text)
	if want := []string{"a := 1\n", "b := 2\n\n\tc()\n"}; !slices.Equal(blocks, want) {
		t.Errorf("goBlocks = %q, want %q", blocks, want)
	}
	file := codeLines("func Example() {\n\tb := 2\n\tc()\n}\n")
	if !contains(file, codeLines(blocks[1])) {
		t.Errorf("%q is not found in %q", blocks[1], file)
	}
	if contains(file, codeLines(blocks[0])) {
		t.Errorf("%q is found in %q", blocks[0], file)
	}
}
