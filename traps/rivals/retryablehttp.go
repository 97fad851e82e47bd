package rivals

import (
	"net/http"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/backstay-go/backstay/traps/driver"
)

// Retryablehttp is github.com/hashicorp/go-retryablehttp.
func Retryablehttp() *driver.Implementation {
	return &driver.Implementation{Name: "go-retryablehttp", Version: "v0.7.8", Client: newRetryableClient}
}

// newRetryableClient returns the RoundTripper that the README's "Getting a
// stdlib *http.Client with retries" is made of.
func newRetryableClient(c driver.ClientConfig) http.RoundTripper {
	driver.Need(c.Limit > 0, "bulkhead")
	client := retryablehttp.NewClient()
	client.HTTPClient = &http.Client{
		Transport: c.Base,
		// The RoundTripper is asked for one hop, redirects are its caller's.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       c.AttemptTimeout,
	}
	client.Logger = nil
	client.RetryMax = max(c.Attempts, 1) - 1
	client.RetryWaitMin, client.RetryWaitMax = c.BaseDelay, c.MaxDelay
	// "PassthroughErrorHandler is an ErrorHandler that directly passes through
	// the values from the net/http library for the final request."
	client.ErrorHandler = retryablehttp.PassthroughErrorHandler
	return &retryablehttp.RoundTripper{Client: client}
}
