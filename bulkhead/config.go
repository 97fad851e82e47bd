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

const (
	// DefaultLimit is the number of permits where Config sets none.
	DefaultLimit = 64
	// DefaultMaxWait is how long a call may wait where Config does not say.
	DefaultMaxWait = time.Second
)

// Config says how a [Bulkhead] behaves. The zero Config is valid.
type Config struct {
	// Name is the name of the instance in errors and events. It may be empty.
	Name string
	// Limit is the number of permits, which is the number of calls that run at
	// once if each takes one. If zero, [DefaultLimit] is used.
	Limit int
	// Queue is how many calls may wait for a permit. If zero, none waits: a
	// call that finds no permit is refused at once.
	Queue int
	// MaxWait is how long a call may wait for a permit; its context may end the
	// wait earlier. If zero, [DefaultMaxWait] is used.
	MaxWait time.Duration
	// Observer is told of every refusal and of every change of the limit. If
	// nil, nobody is told.
	Observer event.Observer
}

// Validate returns all mistakes in c, or nil.
func (c Config) Validate() error {
	var mistakes []error
	if c.Limit < 0 || c.Limit > permits.MaxLimit {
		mistakes = append(mistakes, fmt.Errorf("bulkhead: Limit is %d: want a number of permits from 1 to %d, or 0 for %d",
			c.Limit, permits.MaxLimit, DefaultLimit))
	}
	if c.Queue < 0 || c.Queue > math.MaxInt32 {
		mistakes = append(mistakes, fmt.Errorf("bulkhead: Queue is %d: want a number of waiting calls from 0 to %d",
			c.Queue, math.MaxInt32))
	}
	if c.MaxWait < 0 {
		mistakes = append(mistakes, fmt.Errorf("bulkhead: MaxWait is %v: want a duration above 0, or 0 for %v",
			c.MaxWait, DefaultMaxWait))
	}
	return errors.Join(mistakes...)
}

// withDefaults returns c with every zero replaced.
func (c Config) withDefaults() Config {
	if c.Limit == 0 {
		c.Limit = DefaultLimit
	}
	if c.MaxWait == 0 {
		c.MaxWait = DefaultMaxWait
	}
	return c
}

func (c Config) queue() waitq.Config {
	return waitq.Config{Capacity: c.Queue, MaxWait: int64(c.MaxWait)}
}
