// Package histogram counts durations, so that their quantiles can be told
// without keeping them.
//
// Buckets are log-linear: sixteen to each doubling, from a microsecond to four
// minutes. A quantile is at most a sixteenth too high, whatever it is.
package histogram

import (
	"math"
	"math/bits"
	"sync/atomic"
	"time"
)

const (
	unit    = time.Microsecond
	perTwo  = 16  // buckets to a doubling
	buckets = 400 // the last holds all from 268 s
)

// Counts is a histogram. The zero value is empty. It is not safe for concurrent
// use.
type Counts [buckets]uint64

// Add counts d.
func (c *Counts) Add(d time.Duration) { c[bucketOf(d)]++ }

// Merge adds what other has counted.
func (c *Counts) Merge(other *Counts) {
	for i, n := range other {
		c[i] += n
	}
}

// Quantile returns the duration that a share q of all is below, at most a
// sixteenth too high, or zero if there are none.
func (c *Counts) Quantile(q float64) time.Duration {
	var total uint64
	for _, n := range c {
		total += n
	}
	rank := uint64(math.Ceil(q * float64(total)))
	if rank == 0 {
		return 0
	}
	var seen uint64
	for i, n := range c {
		if seen += n; seen >= rank {
			return bound(i)
		}
	}
	return bound(buckets - 1)
}

// Shared is a histogram for concurrent use. The zero value is empty.
type Shared struct {
	counts [buckets]atomic.Uint64
}

// Add counts d.
func (s *Shared) Add(d time.Duration) { s.counts[bucketOf(d)].Add(1) }

// Counts returns what has been counted so far.
func (s *Shared) Counts() Counts {
	var c Counts
	for i := range c {
		c[i] = s.counts[i].Load()
	}
	return c
}

func bucketOf(d time.Duration) int {
	n := uint64(max(0, d) / unit)
	if n < perTwo {
		return int(n)
	}
	doublings := bits.Len64(n) - bits.Len64(perTwo) // n>>doublings is 16 to 31
	return min(buckets-1, doublings*perTwo+int(n>>doublings))
}

// bound returns the upper end of a bucket.
func bound(bucket int) time.Duration {
	if bucket < perTwo {
		return time.Duration(bucket+1) * unit
	}
	doublings := bucket/perTwo - 1
	return time.Duration(uint64(bucket%perTwo+perTwo+1)<<doublings) * unit
}
