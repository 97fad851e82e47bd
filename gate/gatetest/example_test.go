package gatetest_test

import (
	"testing"

	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/gate/gatetest"
)

// A gate that admits three calls at once keeps the contract.
func ExampleRun() {
	testContract := func(t *testing.T) {
		gatetest.Run(t, 3, func() gate.Gate { return make(slots, 3) })
	}
	_ = testContract // in a file of tests: func TestContract(t *testing.T)
}
