package rivals

import (
	"github.com/backstay-go/backstay/backstayhttp"
	"github.com/backstay-go/backstay/traps/driver"
)

// Backstay is what this repository builds.
func Backstay() *driver.Implementation {
	return &driver.Implementation{
		Name:    "backstay",
		Breaker: newBackstayBreaker, Retry: newBackstayRetry, Timeout: newBackstayTimeout,
		Limiter: newBackstayLimiter, Keyed: newBackstayKeyed,
		Bulkhead: newBackstayBulkhead,
		Client:   newBackstayClient, Middleware: newBackstayMiddleware,
		AttemptHeader: backstayhttp.AttemptHeader,
	}
}

// BackstayPipeline is its retries and timeouts by way of a pipeline, which is
// another path through the code.
func BackstayPipeline() *driver.Implementation {
	return &driver.Implementation{
		Name:  "backstay pipeline",
		Retry: newBackstayPipelineRetry, Timeout: newBackstayAttemptTimeout,
	}
}
