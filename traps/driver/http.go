package driver

import (
	"net/http"
	"time"
)

// ClientConfig is what a scenario asks of an HTTP client.
type ClientConfig struct {
	// Base carries the attempts.
	Base http.RoundTripper
	// Attempts is how often a request is sent at most, with delays that double
	// from Base to Cap.
	Attempts            int
	BaseDelay, MaxDelay time.Duration
	Timeout             time.Duration // of the whole call
	AttemptTimeout      time.Duration // of each attempt
	Limit               int           // requests at once
	NoBudget            bool
}

// MiddlewareConfig is what a scenario asks of the guard before a handler. Each
// part is left out if zero.
type MiddlewareConfig struct {
	Rate    *LimiterConfig // for all callers together
	Limit   int            // requests at once
	Breaker *BreakerConfig
	Timeout time.Duration
}
