package traps_test

import (
	"os"
	"testing"

	"github.com/backstay-go/backstay/traps/driver"
	"github.com/backstay-go/backstay/traps/harness"
	"github.com/backstay-go/backstay/traps/rivals"
	"github.com/backstay-go/backstay/traps/scenario"
)

func TestMain(m *testing.M) {
	harness.Child(rivals.All())
	os.Exit(m.Run())
}

// TestBackstay is what the suite is for: every trap passes here.
func TestBackstay(t *testing.T) {
	for _, impl := range []*driver.Implementation{rivals.Backstay(), rivals.BackstayPipeline()} {
		for _, trap := range scenario.All() {
			t.Run(impl.Name+"/"+trap.ID, func(t *testing.T) {
				harness.Run(t, trap, impl, func(r harness.Result) {
					if r.Verdict != harness.Pass {
						t.Errorf("%s: %s: %s", trap.Text, r.Verdict, r.Reason)
					}
				})
			})
		}
	}
}
