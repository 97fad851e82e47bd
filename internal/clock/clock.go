// Package clock turns readings of the system clock into the int64 nanoseconds
// that the cores count in.
package clock

import "time"

// A Clock counts from an epoch of its own. Each policy instance has one: an
// epoch shared by a package would not belong to the synctest bubble that a test
// runs in. Only the monotonic part of a reading is used, so a step of the wall
// clock changes nothing.
type Clock struct {
	epoch time.Time
}

// New returns a clock that stands at zero.
func New() Clock { return Clock{epoch: time.Now()} }

// Now reads the system clock.
func (c Clock) Now() int64 { return int64(time.Since(c.epoch)) }

// At converts a reading taken elsewhere. One from before the epoch, by a caller
// who came earlier than the instance, is as good as the epoch.
func (c Clock) At(t time.Time) int64 { return max(0, int64(t.Sub(c.epoch))) }
