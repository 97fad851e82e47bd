package gateway

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/backstay-go/backstay/gate"
)

// outcome is how a request ended.
type outcome uint8

const (
	succeeded     outcome = iota // the upstream answered, with a status below 500
	upstreamError                // the upstream answered with a status from 500 up
	unreachable                  // the upstream gave no answer
	timedOut                     // the upstream gave no answer in time
	rejected                     // a policy refused the request
	fellBack                     // the client got the fallback
	canceled                     // the client gave up
	aborted                      // the response broke off
	outcomes
)

// outcomeOf returns the outcome of a request that ended with err.
func outcomeOf(x *exchange, err error) outcome {
	switch {
	case errors.Is(x.Context.Err(), context.Canceled):
		return canceled
	case errors.Is(err, gate.ErrRejected):
		return rejected
	case errors.Is(err, context.DeadlineExceeded):
		return timedOut
	case err == errUpstream:
		return upstreamError
	default:
		return unreachable
	}
}

// stats are the counters of one route.
type stats struct {
	requests [outcomes]atomic.Int64
	attempts atomic.Int64
	latency  histogram
}

func (s *stats) count(x *exchange, took time.Duration) {
	s.requests[x.outcome].Add(1)
	s.attempts.Add(int64(x.attempts))
	s.latency.record(took)
}
