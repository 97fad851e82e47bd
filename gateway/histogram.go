package gateway

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// histogram counts durations in buckets that grow by a quarter of a power of
// two: a quantile is at most 25 % too high, whatever it is.
type histogram struct {
	buckets [bucketCount]atomic.Int64
}

// The first bucket ends at 16 µs and the last holds all from about 4.5 minutes.
const (
	bucketCount = 100
	unit        = 4 * time.Microsecond
)

func (h *histogram) record(d time.Duration) { h.buckets[bucketOf(d)].Add(1) }

func bucketOf(d time.Duration) int {
	n := uint64(max(0, d) / unit)
	if n < 4 {
		return int(n)
	}
	exp := bits.Len64(n) - 3 // n>>exp is 4 to 7
	return min(bucketCount-1, exp*4+int(n>>exp))
}

// bound returns the upper end of a bucket.
func bound(bucket int) time.Duration {
	if bucket < 4 {
		return time.Duration(bucket+1) * unit
	}
	exp := bucket/4 - 1
	return time.Duration(uint64(bucket%4+5)<<exp) * unit
}

// quantiles returns the durations below which the shares qs (ascending) of all
// recorded ones lie.
func (h *histogram) quantiles(qs ...float64) []time.Duration {
	var counts [bucketCount]int64
	var total int64
	for i := range counts {
		counts[i] = h.buckets[i].Load()
		total += counts[i]
	}
	result := make([]time.Duration, len(qs))
	var seen int64
	for i, q := 0, 0; i < bucketCount && q < len(qs); i++ {
		seen += counts[i]
		for q < len(qs) && total > 0 && float64(seen) >= qs[q]*float64(total) {
			result[q] = bound(i)
			q++
		}
	}
	return result
}
