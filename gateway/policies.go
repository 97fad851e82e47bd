package gateway

import (
	"cmp"
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
	pipeline *backstay.Pipeline
	untimed  *backstay.Pipeline // the same without timeouts
	patience time.Duration      // how long an attempt may take
	breaker  *breaker.Breaker
	bulkhead *bulkhead.Bulkhead
}

// newPolicies makes the policies of the route name, which leads to u. The order
// of the gates is that of a policy's fields in the configuration.
func newPolicies(name string, c config.Policy, u *upstream, observer event.Observer) *policies {
	p := &policies{pipeline: c.Pipeline()}
	p.pipeline.Name, p.pipeline.Observer = name, observer
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
	p.untimed = &backstay.Pipeline{
		Name: name, Retry: p.pipeline.Retry, Gates: p.pipeline.Gates, Observer: observer,
	}
	p.patience = cmp.Or(p.pipeline.AttemptTimeout, p.pipeline.Timeout)
	return p
}
