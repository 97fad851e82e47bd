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

// BackstayPipeline is the same by way of a pipeline, where that is another path
// through the code.
func BackstayPipeline() *driver.Implementation {
	impl := Backstay()
	impl.Name = "backstay pipeline"
	impl.Retry, impl.Timeout = newBackstayPipelineRetry, newBackstayAttemptTimeout
	return impl
}
