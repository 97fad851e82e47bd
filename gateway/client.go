package gateway

import (
	"net/http"
	"time"

	"github.com/backstay-go/backstay"
	"github.com/backstay-go/backstay/internal/clock"
)

// client sends a request through a pipeline.
type client struct {
	base     http.RoundTripper
	pipeline *backstay.Pipeline
}

// RoundTrip retries what can be repeated without harm.
func (c *client) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil || r.Method != http.MethodGet && r.Method != http.MethodHead || c.pipeline.Retry == nil {
		return c.base.RoundTrip(r)
	}
	run := c.pipeline.Retry.Begin(time.Now())
	for {
		resp, err := c.base.RoundTrip(r)
		failure := err
		if err == nil && resp.StatusCode >= 500 {
			failure = errUpstream
		}
		if failure == nil {
			run.Succeed(time.Now())
			return resp, nil
		}
		wait, final := run.Fail(r.Context(), time.Now(), failure)
		if final != nil {
			return resp, err
		}
		if resp != nil {
			resp.Body.Close()
		}
		if err := clock.Sleep(r.Context(), wait); err != nil {
			return nil, run.Interrupt(err)
		}
	}
}
