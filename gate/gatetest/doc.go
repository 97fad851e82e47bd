// Package gatetest checks that an implementation of gate.Gate keeps the
// contract, as testing/slogtest does for log handlers.
//
//	func TestContract(t *testing.T) {
//		gatetest.Run(t, 3, func() gate.Gate {
//			return bulkhead.New(bulkhead.Config{Limit: 3})
//		})
//	}
//
// Every check runs in a testing/synctest bubble of its own, so gates that wait
// are checked in no time.
package gatetest
