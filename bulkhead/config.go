package bulkhead

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/backstay-go/backstay/event"
	"github.com/backstay-go/backstay/internal/core/waitq"
	"github.com/backstay-go/backstay/internal/permits"
)

// What a [Config] means where it says nothing.
const (
	DefaultLimit   int           = 64
	DefaultMaxWait time.Duration = time.Second
)

// Config is how a [Bulkhead] decides. The zero Config admits 64 calls at once
// and lets none wait.
type Config struct {
	// Name identifies the bulkhead in errors and events. It may be empty.
	Name string
	// Limit is the number of permits: how many calls run at once, if each takes
	// one. If zero, DefaultLimit (64) is used.
	Limit int
	// Queue is how many calls may wait for a permit. If zero, none may: a call
	// that finds no permit is refused at once.
	Queue int
	// MaxWait is how long a call may wait for a permit; it waits no longer than
	// its context lasts, and a shorter time in a queue that does not drain. If
	// zero, DefaultMaxWait (1s) is used.
	MaxWait time.Duration
	// Observer is told of every refusal and of changes of Limit. If nil, nobody
	// is.
	Observer event.Observer
}

// Validate returns what is wrong with c, every mistake in one error, or nil.
func (c Config) Validate() error {
	var limit, queue, maxWait error
	if c.Limit < 0 || c.Limit > permits.MaxLimit {
		limit = fmt.Errorf("bulkhead: Limit is %d: want a number of permits up to %d, or 0 for the default", c.Limit, permits.MaxLimit)
	}
	if c.Queue < 0 || c.Queue > math.MaxInt32 {
		queue = fmt.Errorf("bulkhead: Queue is %d: want a number of waiting calls up to %d, or 0 for none", c.Queue, math.MaxInt32)
	}
	if c.MaxWait < 0 {
		maxWait = fmt.Errorf("bulkhead: MaxWait is %v: want a duration, or 0 for the default", c.MaxWait)
	}
	return errors.Join(limit, queue, maxWait)
}

// withDefaults returns c with what it means where it says nothing.
func (c Config) withDefaults() Config {
	if c.Limit == 0 {
		c.Limit = DefaultLimit
	}
	if c.MaxWait == 0 {
		c.MaxWait = DefaultMaxWait
	}
	return c
}

func (c Config) bounds() waitq.Bounds {
	return waitq.Bounds{Capacity: c.Queue, MaxWait: int64(c.MaxWait)}
}
