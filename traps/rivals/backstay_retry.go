package rivals

import (
	"time"

	"github.com/backstay-go/backstay"
	"github.com/backstay-go/backstay/retry"
	"github.com/backstay-go/backstay/traps/driver"
)

type backstayRetry struct {
	driver.Caller
}

func newBackstayRetry(c driver.RetryConfig) driver.Caller { return backstayRetry{backstayPolicy(c)} }

// newBackstayPipelineRetry retries in a pipeline, whose loop is its own.
func newBackstayPipelineRetry(c driver.RetryConfig) driver.Caller {
	return backstayRetry{&backstay.Pipeline{Retry: backstayPolicy(c)}}
}

func backstayPolicy(c driver.RetryConfig) *retry.Policy {
	backoff := retry.Exponential{Base: c.Base, Max: c.Cap}
	if !c.Jitter {
		backoff.Jitter = retry.NoJitter
	}
	policy := &retry.Policy{MaxAttempts: c.Attempts, Backoff: backoff}
	if !c.Budget {
		policy.Budget = retry.NoBudget
	}
	return policy
}

func (backstayRetry) After(err error, d time.Duration) error { return retry.After(err, d) }

func newBackstayTimeout(d time.Duration) driver.Caller { return &backstay.Pipeline{Timeout: d} }

func newBackstayAttemptTimeout(d time.Duration) driver.Caller {
	return &backstay.Pipeline{AttemptTimeout: d}
}
