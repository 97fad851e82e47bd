// Package bubble moves virtual time in tests that run under testing/synctest.
package bubble

import (
	"testing/synctest"
	"time"
)

// Advance lets d of virtual time pass, and returns when every other goroutine
// of the bubble has done what it could by then. It panics outside a bubble, so
// no test can wait for real time by mistake.
func Advance(d time.Duration) {
	synctest.Wait()
	Pause(d)
	synctest.Wait()
}

// Pause keeps the calling goroutine from running for d of virtual time, and for
// a nanosecond at the least.
//
// The least is for the race detector: goroutines of one bubble that receive from
// timers which are due already run them at the same time in the same context of
// the detector, which crashes it (go1.26, runtime.(*timer).unlockAndRun). Timers
// that become due later are run by the bubble, one after the other.
func Pause(d time.Duration) {
	<-time.After(max(d, 1))
}
