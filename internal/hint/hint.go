// Package hint finds out how long an error asks its receiver to wait.
package hint

import (
	"errors"
	"time"
)

// RetryAfter returns how long err asks to wait, and whether it asks at all: the
// answer of the first error in its tree that has the method RetryAfter, as a
// *gate.RejectedError has.
func RetryAfter(err error) (after time.Duration, told bool) {
	var asking interface {
		error
		RetryAfter() (time.Duration, bool)
	}
	if !errors.As(err, &asking) {
		return 0, false
	}
	return asking.RetryAfter()
}
