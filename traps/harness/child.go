package harness

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/backstay-go/backstay/traps/driver"
	"github.com/backstay-go/backstay/traps/scenario"
)

// childVar makes a process a child: its value is the name of the
// implementation, a colon, and the traps to run.
const childVar = "BACKSTAY_TRAPS_CHILD"

// message is what a child tells its parent, one JSON object a line: first that
// a trap has begun, then how it ended, then that nothing of it is left.
type message struct {
	Trap   string  `json:"trap"`
	Result *Result `json:"result,omitempty"`
	Done   bool    `json:"done,omitempty"`
}

// Child returns at once in an ordinary process. In a child of [Record] it runs
// the traps it was told to and exits. It belongs at the start of main and of
// TestMain.
func Child(impls []*driver.Implementation) {
	order, ok := os.LookupEnv(childVar)
	if !ok {
		return
	}
	name, ids, _ := strings.Cut(order, ":")
	i := slices.IndexFunc(impls, func(impl *driver.Implementation) bool { return impl.Name == name })
	if i < 0 {
		fmt.Fprintf(os.Stderr, "no implementation is called %q\n", name)
		os.Exit(2)
	}
	out := json.NewEncoder(os.NewFile(3, "parent"))
	var tests []testing.InternalTest
	for _, id := range strings.Split(ids, ",") {
		tests = append(tests, childTest(out, impls[i], scenario.ByID(id)))
	}
	// Bubbles need a *testing.T. Main is kept for programs that are not made by
	// "go test" and want one; it exits.
	testing.Main(func(string, string) (bool, error) { return true, nil }, tests, nil, nil)
}

// childTest makes a test of one trap, which does not fail but report.
func childTest(out *json.Encoder, impl *driver.Implementation, trap scenario.Trap) testing.InternalTest {
	send := func(m message) {
		m.Trap = trap.ID
		if err := out.Encode(m); err != nil {
			os.Exit(1) // the parent has gone
		}
	}
	return testing.InternalTest{Name: trap.ID, F: func(t *testing.T) {
		send(message{})
		Run(t, trap, impl, func(r Result) { send(message{Result: &r}) })
		send(message{Done: true})
	}}
}
