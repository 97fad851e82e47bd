package driver

import "time"

// RetryConfig is what a scenario asks of a retry policy.
type RetryConfig struct {
	// Attempts is how often the operation is run at most.
	Attempts int
	// Base is the first delay; it doubles up to Cap.
	Base, Cap time.Duration
	// Jitter asks for the jitter that the library uses or shows by default.
	Jitter bool
	// Budget asks for the library's own bound on the retries of all calls
	// together, with its default settings.
	Budget bool
	// Shared asks for one policy value that serves all calls.
	Shared bool
}

// Afterer is a retry policy that lets the operation say how long to wait.
type Afterer interface {
	// After returns err with the note that no attempt should start before d.
	After(err error, d time.Duration) error
}
