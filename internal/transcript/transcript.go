// Package transcript plays the scripts by which machines are tested: files that
// say line by line what is done and what comes of it, easier to read and to add
// to than tables of structs.
package transcript

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// A Player does what a line says, given as words, and returns what came of it.
// Where names the line, for failures of its own.
type Player func(where string, words []string) string

// Play plays each of testdata/*.txt with a player of its own. A line is a
// command and, after ->, what is to come of it, which may be nothing; a comment
// begins with #.
func Play(t *testing.T, begin func(t *testing.T) Player) {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts in testdata: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			play(t, file, string(text), begin(t))
		})
	}
}

func play(t *testing.T, file, text string, player Player) {
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		command, want, _ := strings.Cut(line, "->")
		command, want = strings.TrimSpace(command), strings.TrimSpace(want)
		if command == "" {
			continue
		}
		where := file + ":" + strconv.Itoa(i+1) + ": " + command
		if got := player(where, strings.Fields(command)); got != want {
			t.Errorf("%s -> %s, want %s", where, got, want)
		}
	}
}
