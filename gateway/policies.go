package gateway

import (
	"cmp"
	"context"
	"time"

	"github.com/backstay-go/backstay"
	"github.com/backstay-go/backstay/breaker"
	"github.com/backstay-go/backstay/bulkhead"
	"github.com/backstay-go/backstay/event"
	"github.com/backstay-go/backstay/gateway/config"
)

// policies are the policies of one route. All carry its name. Those that the
// route does not have are nil.
type policies struct {
	limit    limit              // of requests, not of attempts
	pipeline *backstay.Pipeline // without timeouts
	breaker  *breaker.Breaker
	bulkhead *bulkhead.Bulkhead

	// A pipeline's timeouts last until a body has been read. Those of the gateway
	// end when the response begins, so it keeps them itself.
	timeout, attemptTimeout   time.Duration
	timedOut, attemptTimedOut *backstay.TimeoutError
	patience                  time.Duration // with the upstream, once a long body is sent
}

// newPolicies makes the policies of the route name, which leads to u. The order
// of the gates is that of a policy's fields in the configuration.
func newPolicies(name string, c config.Policy, u *upstream, observer event.Observer) *policies {
	p := &policies{pipeline: c.Pipeline()}
	p.pipeline.Name, p.pipeline.Observer = name, observer
	p.takeTimeouts()
	if retries := p.pipeline.Retry; retries != nil {
		// The pipeline tells the observer of retries.
		retries.Name, retries.Budget = name, u.budget(c.Retry.Budget)
	}
	if c.Breaker != nil {
		conf := c.Breaker.Config()
		conf.Name, conf.Observer = name, observer
		p.breaker = breaker.New(conf)
		p.pipeline.Gates = append(p.pipeline.Gates, p.breaker)
	}
	if c.Bulkhead != nil {
		conf := c.Bulkhead.Config()
		conf.Name, conf.Observer = name, observer
		p.bulkhead = bulkhead.New(conf)
		p.pipeline.Gates = append(p.pipeline.Gates, p.bulkhead)
	}
	return p
}

// takeTimeouts moves the timeouts from the pipeline to p.
func (p *policies) takeTimeouts() {
	name := p.pipeline.Name
	p.timeout, p.pipeline.Timeout = p.pipeline.Timeout, 0
	p.timedOut = &backstay.TimeoutError{Name: name, After: p.timeout, Err: context.DeadlineExceeded}
	p.attemptTimeout, p.pipeline.AttemptTimeout = p.pipeline.AttemptTimeout, 0
	p.attemptTimedOut = &backstay.TimeoutError{Name: name, After: p.attemptTimeout, Attempt: true, Err: context.DeadlineExceeded}
	p.patience = cmp.Or(p.attemptTimeout, p.timeout)
}
