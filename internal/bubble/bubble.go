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
	<-time.After(d)
	synctest.Wait()
}
