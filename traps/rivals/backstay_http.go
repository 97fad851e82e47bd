package rivals

import (
	"net/http"

	"github.com/backstay-go/backstay"
	"github.com/backstay-go/backstay/backstayhttp"
	"github.com/backstay-go/backstay/breaker"
	"github.com/backstay-go/backstay/bulkhead"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/ratelimit"
	"github.com/backstay-go/backstay/traps/driver"
)

func newBackstayClient(c driver.ClientConfig) http.RoundTripper {
	pipeline := &backstay.Pipeline{Timeout: c.Timeout, AttemptTimeout: c.AttemptTimeout}
	if c.Attempts > 1 {
		pipeline.Retry = backstayPolicy(driver.RetryConfig{
			Attempts: c.Attempts, Base: c.BaseDelay, Cap: c.MaxDelay, Jitter: true, Budget: !c.NoBudget,
		})
	}
	if c.Limit > 0 {
		pipeline.Gates = append(pipeline.Gates, bulkhead.New(bulkhead.Config{Limit: c.Limit}))
	}
	return &backstayhttp.Transport{Base: c.Base, Pipeline: pipeline}
}

func newBackstayMiddleware(c driver.MiddlewareConfig) func(http.Handler) http.Handler {
	var gates []gate.Gate
	if c.Rate != nil {
		gates = append(gates, ratelimit.New(limiterConfig(*c.Rate)))
	}
	if c.Limit > 0 {
		gates = append(gates, bulkhead.New(bulkhead.Config{Limit: c.Limit}))
	}
	if c.Breaker != nil {
		gates = append(gates, breaker.New(breakerConfig(*c.Breaker)))
	}
	return func(next http.Handler) http.Handler {
		middleware := []backstayhttp.Middleware{backstayhttp.Recover()}
		for _, g := range gates {
			middleware = append(middleware, backstayhttp.Guard(g))
		}
		if c.Timeout > 0 {
			middleware = append(middleware, backstayhttp.Timeout(c.Timeout))
		}
		return backstayhttp.Chain(next, middleware...)
	}
}
