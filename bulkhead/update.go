package bulkhead

import (
	"context"
	"time"

	"github.com/backstay-go/backstay/event"
)

// Update changes the configuration. Calls that run keep their permits, also
// above a smaller limit; calls that wait keep their places if the queue still
// has them, and their MaxWait. A larger limit wakes all who fit in. If c is not
// valid, Update returns what [Config.Validate] does and changes nothing.
func (b *Bulkhead) Update(c Config) error {
	if err := c.Validate(); err != nil {
		return err
	}
	c = c.withDefaults()
	b.mu.Lock()
	s := newSettings(c, 0)
	s.full.After = s.after(time.Duration(b.pool.State().Queue.Typical))
	b.settings.Store(s)
	b.pool.SetBounds(c.bounds())
	b.pool.Resize(c.Limit)
	b.limits.Set(c.Limit)
	b.mu.Unlock()
	b.limits.Tell(func(from, to int) {
		event.Notify(context.Background(), c.Observer, event.Event{
			Kind: event.LimitChanged, Policy: policy, Name: c.Name, From: from, To: to,
		})
	})
	return nil
}

// Snapshot is a bulkhead at one moment.
type Snapshot struct {
	Name string `json:"name"`
	// Limit is the number of permits, and InFlight how many of them are held. It
	// is above Limit for as long as calls run that began under a larger one.
	Limit    int `json:"limit"`
	InFlight int `json:"in_flight"`
	// Queue is how many calls may wait, Waiting how many do, and OldestWait how
	// long the first of them has done so.
	Queue      int           `json:"queue"`
	Waiting    int           `json:"waiting"`
	OldestWait time.Duration `json:"oldest_wait"`
	// Standing means that the queue has not drained for so long that the newest
	// calls are served first.
	Standing bool `json:"standing"`
	// Typical is how long a call takes, or 0 if none was timed lately.
	Typical time.Duration `json:"typical"`
	// Evicted counts the calls that lost their place to a more important one,
	// Expired those that waited too long, and Hopeless those that could not have
	// finished before their deadline.
	Evicted  uint64 `json:"evicted"`
	Expired  uint64 `json:"expired"`
	Hopeless uint64 `json:"hopeless"`
}

// Snapshot returns the state at this moment.
func (b *Bulkhead) Snapshot() Snapshot {
	state := b.pool.State()
	return Snapshot{
		Name:       b.settings.Load().Name,
		Limit:      state.Limit,
		InFlight:   state.Held,
		Queue:      state.Queue.Capacity,
		Waiting:    state.Queue.Waiting,
		OldestWait: time.Duration(state.Queue.Oldest),
		Standing:   state.Queue.Standing,
		Typical:    time.Duration(state.Queue.Typical),
		Evicted:    state.Queue.Counts.Evicted,
		Expired:    state.Queue.Counts.Expired,
		Hopeless:   state.Queue.Counts.Hopeless,
	}
}
