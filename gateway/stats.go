package gateway

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/histogram"
)

// outcome is how a request ended.
type outcome uint8

const (
	succeeded     outcome = iota // the upstream answered, with a status below 500
	upstreamError                // the upstream answered with a status from 500 up
	unreachable                  // the upstream gave no answer
	timedOut                     // the upstream gave no answer in time
	refused                      // a policy refused the request
	fellBack                     // the client got the fallback
	canceled                     // the client went away, or did not send a whole body
	aborted                      // the response broke off
	outcomes
)

// The policies that may refuse a request, by their names in refusals.
var refusers = [...]string{"ratelimit", "breaker", "bulkhead"}

// fail notes that the request ended with err.
func (x *exchange) fail(err error) {
	switch rejected, ok := errors.AsType[*gate.RejectedError](err); {
	case x.Err() == context.Canceled || spoiled(err):
		x.outcome = canceled
	case ok:
		x.outcome, x.refusedBy = refused, rejected.Policy
	case errors.Is(err, context.DeadlineExceeded):
		x.outcome = timedOut
		if x.total.over() {
			x.timedOut(err)
		}
	case err == errUpstream:
		x.outcome = upstreamError
	default:
		x.outcome = unreachable
	}
}

// end returns the outcome of a request that is over.
func (x *exchange) end() outcome {
	switch {
	case x.complete || x.outcome == canceled:
		return x.outcome
	case x.Err() == context.Canceled:
		return canceled
	default:
		return aborted
	}
}

// stats are the counters of one route.
type stats struct {
	requests [outcomes]atomic.Int64
	refused  [len(refusers)]atomic.Int64
	attempts atomic.Int64
	retries  atomic.Int64
	latency  histogram.Shared
}

// count adds a request that is over.
func (s *stats) count(x *exchange, took time.Duration) {
	end := x.end()
	s.requests[end].Add(1)
	if end != refused {
		s.latency.Add(took)
	}
	if x.attempts > 0 {
		s.attempts.Add(int64(x.attempts))
	}
	if x.attempts > 1 {
		s.retries.Add(int64(x.attempts - 1))
	}
	if x.refusedBy != "" {
		s.refusedBy(x.refusedBy)
	}
}

// refuse counts a request that a policy has refused before it became an exchange.
func (s *stats) refuse(policy string) {
	s.requests[refused].Add(1)
	s.refusedBy(policy)
}

func (s *stats) refusedBy(policy string) {
	for i, name := range refusers {
		if name == policy {
			s.refused[i].Add(1)
		}
	}
}
