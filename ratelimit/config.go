package ratelimit

import (
	"errors"
	"fmt"
	"time"

	"github.com/backstay-go/backstay/event"
	"github.com/backstay-go/backstay/internal/core/gcra"
)

// DefaultMaxKeys is how many keys a [Keyed] has room for if its Config does not
// say: 1.2 MB.
const DefaultMaxKeys int = 65536

// What a [Config] can hold at most.
const (
	mostQuotas = gcra.MaxLimits - 1
	mostBurst  = gcra.MaxBurst
	mostKeys   = 1 << 28
)

// Config is how a [Limiter] or a [Keyed] decides.
type Config struct {
	// Name identifies the limiter in errors and events. It may be empty.
	Name string
	// Rate is how many calls are admitted in the long run. Mandatory.
	Rate Rate
	// Burst is how many calls are admitted at once after a quiet time. Any stretch
	// of time sees at most Burst calls and those that Rate allows in it. If zero,
	// Rate.Count is used: 100/s admits a hundred at once.
	Burst int
	// And are up to three more limits, such as 1000 per hour beside 10 per second.
	// A call is admitted when all of them allow it, and is charged to all or none.
	// If nil, there are none.
	And []Quota
	// MaxWait is how long Acquire waits for its turn; a call whose turn would come
	// later is refused at once. If zero, Acquire does not wait.
	MaxWait time.Duration
	// MaxKeys is how many keys a Keyed has room for that are busy at the same time:
	// used so recently that their burst is not full again. Each takes 18 bytes,
	// from the start, and as many for each limit in And. A Limiter ignores it. If
	// zero, DefaultMaxKeys (65536) is used.
	MaxKeys int
	// Shadow makes a limiter that decides and reports, and refuses and delays
	// nothing.
	Shadow bool
	// Observer is told of refused calls. If nil, nobody is.
	Observer event.Observer
}

// Quota is one limit of several.
type Quota struct {
	// Rate is how many calls are admitted in the long run. Mandatory.
	Rate Rate
	// Burst is how many are admitted at once. If zero, Rate.Count is used.
	Burst int
}

// Validate returns what is wrong with c, every mistake in one error, or nil.
func (c Config) Validate() error {
	problems := []error{Quota{c.Rate, c.Burst}.check("")}
	if len(c.And) > mostQuotas {
		problems = append(problems, fmt.Errorf("ratelimit: And has %d limits: want %d at most", len(c.And), mostQuotas))
	}
	for i, quota := range c.And {
		problems = append(problems, quota.check(fmt.Sprintf("And[%d].", i)))
	}
	if c.MaxWait < 0 || c.MaxWait > longest {
		problems = append(problems, fmt.Errorf("ratelimit: MaxWait is %v: want a duration up to %v, or 0 to refuse at once", c.MaxWait, longest))
	}
	if c.MaxKeys < 0 || c.MaxKeys > mostKeys {
		problems = append(problems, fmt.Errorf("ratelimit: MaxKeys is %d: want a number of keys up to %d, or 0 for the default", c.MaxKeys, mostKeys))
	}
	return errors.Join(problems...)
}

// check returns what is wrong with q, whose fields have the given prefix.
func (q Quota) check(prefix string) error {
	if problem := q.Rate.problem(); problem != "" {
		return errors.Join(
			fmt.Errorf("ratelimit: %sRate is %v: want %s, such as Per(100, time.Second)", prefix, q.Rate, problem),
			q.checkBurst(prefix))
	}
	if err := q.checkBurst(prefix); err != nil {
		return err
	}
	if !q.spec().Valid() {
		return fmt.Errorf("ratelimit: %sBurst is %d: want one that %v refills in less than 36 years", prefix, q.Burst, q.Rate)
	}
	return nil
}

func (q Quota) checkBurst(prefix string) error {
	if q.Burst >= 0 && int64(q.Burst) <= mostBurst {
		return nil
	}
	return fmt.Errorf("ratelimit: %sBurst is %d: want a number of calls up to %d, or 0 for Rate.Count", prefix, q.Burst, int64(mostBurst))
}

// spec returns q as the cores take it.
func (q Quota) spec() gcra.Spec {
	burst := int64(q.Burst)
	if burst == 0 {
		burst = min(q.Rate.Count, mostBurst)
	}
	return gcra.Spec{Count: q.Rate.Count, Period: int64(q.Rate.Period), Burst: burst}
}

// quotas returns all limits of c, its own first.
func (c Config) quotas() []Quota {
	return append([]Quota{{c.Rate, c.Burst}}, c.And...)
}

// specs returns all limits as the cores take them.
func (c Config) specs() []gcra.Spec {
	specs := make([]gcra.Spec, 0, gcra.MaxLimits)
	for _, quota := range c.quotas() {
		specs = append(specs, quota.spec())
	}
	return specs
}

func (c Config) maxKeys() int {
	if c.MaxKeys == 0 {
		return DefaultMaxKeys
	}
	return c.MaxKeys
}
