package driver

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// Implementation is one library. A nil field means that it has no such policy.
type Implementation struct {
	// Name is how the library is called in the matrix, Version what go.mod pins.
	Name, Version string

	Breaker    func(BreakerConfig) Breaker
	Retry      func(RetryConfig) Caller
	Timeout    func(time.Duration) Caller
	Limiter    func(LimiterConfig) Limiter
	Keyed      func(KeyedConfig) Keyed
	Bulkhead   func(BulkheadConfig) Bulkhead
	Client     func(ClientConfig) http.RoundTripper
	Middleware func(MiddlewareConfig) func(http.Handler) http.Handler

	// AttemptHeader is the header in which Client sends the attempt's number.
	AttemptHeader string
}

// Op is what a policy protects.
type Op = func(ctx context.Context) error

// Caller runs an operation under a policy.
type Caller interface {
	Do(ctx context.Context, op Op) error
}

// ErrRefused matches the error of a call that a policy did not let run.
var ErrRefused = errors.New("refused")

// Refused wraps the library's own refusal, so that it matches ErrRefused too.
func Refused(err error) error { return errors.Join(ErrRefused, err) }

// MissingError says that a library does not have a feature.
type MissingError struct{ Feature string }

// Error says what is missing.
func (e MissingError) Error() string { return "no " + e.Feature }

// Missing ends the scenario: the library does not have the feature.
func Missing(feature string) { panic(MissingError{feature}) }

// Need ends the scenario with [Missing] if the condition holds.
func Need(condition bool, feature string) {
	if condition {
		Missing(feature)
	}
}

// As returns the optional interface I of d. If d does not have it, the scenario
// ends: the library does not have the feature.
func As[I any](d any, feature string) I {
	i, ok := d.(I)
	Need(!ok, feature)
	return i
}
