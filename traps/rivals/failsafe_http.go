package rivals

import (
	"net/http"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/failsafehttp"
	"github.com/failsafe-go/failsafe-go/ratelimiter"
	"github.com/failsafe-go/failsafe-go/timeout"

	"github.com/backstay-go/backstay/traps/driver"
)

// newFailsafeClient composes the policies as the documentation of failsafe.With
// has it: the first is the outermost.
func newFailsafeClient(c driver.ClientConfig) http.RoundTripper {
	var policies []failsafe.Policy[*http.Response]
	if c.Timeout > 0 {
		policies = append(policies, timeout.New[*http.Response](c.Timeout))
	}
	if c.Attempts > 1 {
		policies = append(policies, failsafehttp.NewRetryPolicyBuilder().
			WithMaxAttempts(c.Attempts).WithBackoff(c.BaseDelay, c.MaxDelay).ReturnLastFailure().Build())
	}
	if c.Limit > 0 {
		policies = append(policies, bulkhead.New[*http.Response](uint(c.Limit)))
	}
	if c.AttemptTimeout > 0 {
		policies = append(policies, timeout.New[*http.Response](c.AttemptTimeout))
	}
	return failsafehttp.NewRoundTripper(c.Base, policies...)
}

func newFailsafeMiddleware(c driver.MiddlewareConfig) func(http.Handler) http.Handler {
	var policies []failsafe.Policy[*http.Response]
	if c.Rate != nil {
		policies = append(policies, ratelimiter.NewBursty[*http.Response](uint(c.Rate.Count), c.Rate.Period))
	}
	if c.Limit > 0 {
		policies = append(policies, bulkhead.New[*http.Response](uint(c.Limit)))
	}
	if c.Breaker != nil {
		policies = append(policies, failsafeBreakerBuilder[*http.Response](*c.Breaker).Build())
	}
	if c.Timeout > 0 {
		policies = append(policies, timeout.New[*http.Response](c.Timeout))
	}
	return func(next http.Handler) http.Handler { return failsafehttp.NewHandler(next, policies...) }
}
