package bulkhead_test

import (
	"testing"
	"time"

	"github.com/backstay-go/backstay/bulkhead"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/gate/gatetest"
)

var _ gate.Timed = (*bulkhead.Bulkhead)(nil)

func TestContract(t *testing.T) {
	gatetest.Run(t, 3, func() gate.Gate { return bulkhead.New(bulkhead.Config{Limit: 3}) })
}

func TestContractWithQueue(t *testing.T) {
	gatetest.Run(t, 3, func() gate.Gate {
		return bulkhead.New(bulkhead.Config{Limit: 3, Queue: 100, MaxWait: 10 * time.Second})
	})
}
