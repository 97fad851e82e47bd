package ratelimit

import (
	"time"

	"github.com/backstay-go/backstay/internal/core/gcra"
)

// Status is where one limit stands, in the terms of the RateLimit and
// RateLimit-Policy header fields of HTTP (draft-ietf-httpapi-ratelimit-headers).
type Status struct {
	// Rate is the limit's rate.
	Rate Rate `json:"rate"`
	// Limit is how many tokens a full bucket holds: the quota, q.
	Limit int `json:"limit"`
	// Window is how long an empty bucket takes to fill: the time window, w.
	Window time.Duration `json:"window"`
	// Remaining is how many tokens can be taken now: the available quota, r.
	Remaining int `json:"remaining"`
	// ResetAfter is how long until the bucket is full, 0 if it is: the reset, t.
	ResetAfter time.Duration `json:"reset_after"`
	// RetryAfter is how long until one token can be taken, 0 if it can.
	RetryAfter time.Duration `json:"retry_after"`
}

func newStatus(quota Quota, s gcra.Status) Status {
	return Status{
		Rate:       quota.Rate,
		Limit:      int(s.Burst),
		Window:     time.Duration(s.Window),
		Remaining:  int(s.Remaining),
		ResetAfter: time.Duration(s.Reset),
		RetryAfter: time.Duration(s.Retry),
	}
}

// statuses returns where all limits stand. While an Update is under way the core
// may have another number of them.
func (c Config) statuses(list [gcra.MaxLimits]gcra.Status, limits int) []Status {
	quotas := c.quotas()
	statuses := make([]Status, min(len(quotas), limits))
	for i := range statuses {
		statuses[i] = newStatus(quotas[i], list[i])
	}
	return statuses
}

// tightest returns where the limit stands that makes a call wait longest, or
// that has least left.
func (c Config) tightest(list [gcra.MaxLimits]gcra.Status, limits int) Status {
	tightest := 0
	for i := 1; i < min(limits, 1+len(c.And)); i++ {
		a, b := list[i], list[tightest]
		if a.Retry > b.Retry || a.Retry == b.Retry && a.Remaining < b.Remaining {
			tightest = i
		}
	}
	if tightest == 0 {
		return newStatus(Quota{c.Rate, c.Burst}, list[0])
	}
	return newStatus(c.And[tightest-1], list[tightest])
}

// Status returns where the limiter stands at this moment: of several limits, the
// one that makes a call wait longest, or that has least left.
func (l *Limiter) Status() Status {
	list, limits := l.meter.Status(l.clock.Now())
	return l.settings.Load().tightest(list, limits)
}

// Status returns where key stands at this moment: of several limits, the one that
// makes a call wait longest, or that has least left. It takes no token.
func (k *Keyed[K]) Status(key K) Status {
	list, limits := k.table.Status(k.hash(k.seed, key), k.clock.Now())
	return k.settings.Load().tightest(list, limits)
}

// Snapshot is a [Limiter] at one moment.
type Snapshot struct {
	// Name is the name in the Config.
	Name string `json:"name"`
	// Shadow says that nothing is refused.
	Shadow bool `json:"shadow"`
	// Limits tells where each limit stands: Rate first, then those in And.
	Limits []Status `json:"limits"`
}

// Snapshot returns the state at this moment.
func (l *Limiter) Snapshot() Snapshot {
	s := l.settings.Load()
	return Snapshot{Name: s.Name, Shadow: s.Shadow, Limits: s.statuses(l.meter.Status(l.clock.Now()))}
}

// KeyedSnapshot is a [Keyed] at one moment.
type KeyedSnapshot struct {
	// Name is the name in the Config.
	Name string `json:"name"`
	// Shadow says that nothing is refused.
	Shadow bool `json:"shadow"`
	// Limits tells what each key may do: where a key stands of which nothing is
	// remembered.
	Limits []Status `json:"limits"`
	// MaxKeys is how many keys there is room for.
	MaxKeys int `json:"max_keys"`
	// Busy is how many keys are remembered because their burst is not full.
	Busy int `json:"busy"`
	// Crowded counts the calls of keys for which there was no room.
	Crowded uint64 `json:"crowded"`
	// Bytes is the memory that the keys take. It does not change.
	Bytes int `json:"bytes"`
}

// Snapshot returns the state at this moment. It counts the busy keys, which takes
// some 3 ns for each of MaxKeys and limit, and twice that beyond the CPU's caches.
// A key that is used meanwhile may be counted or not.
func (k *Keyed[K]) Snapshot() KeyedSnapshot {
	s := k.settings.Load()
	stats := k.table.Stats(k.clock.Now())
	full, limits := s.full()
	return KeyedSnapshot{
		Name: s.Name, Shadow: s.Shadow, Limits: s.statuses(full, limits),
		MaxKeys: s.maxKeys(), Busy: stats.Busy, Crowded: stats.Crowded, Bytes: stats.Bytes,
	}
}

// full returns where all limits of a new key stand.
func (c Config) full() (list [gcra.MaxLimits]gcra.Status, limits int) {
	specs := c.specs()
	for i, spec := range specs {
		limit := gcra.NewLimit(spec)
		list[i] = limit.Status(0, 0)
	}
	return list, len(specs)
}
