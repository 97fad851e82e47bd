package model

import (
	"flag"
	"os"
	"testing"
)

// TestMain makes the random tests the same in every run, and as long as they are
// meant to be: about a hundred thousand steps each. Flags on the command line win:
// -rapid.seed=0 draws a new seed.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{
		"rapid.checks": "1000", "rapid.steps": "100", "rapid.seed": "1", "rapid.nofailfile": "true",
	} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	flag.Parse()
	os.Exit(m.Run())
}
