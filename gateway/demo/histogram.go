package demo

import (
	"math"
	"time"
)

// histogram counts durations in buckets that each end 5 % above the one before.
// The zero histogram is empty.
type histogram [buckets]uint32

// The first bucket ends at 100 µs and the last begins above a minute.
const (
	buckets = 280
	finest  = 100 * time.Microsecond
	growth  = 1.05
)

func (h *histogram) add(d time.Duration) {
	i := 0
	if d > finest {
		i = int(math.Ceil(math.Log(float64(d)/float64(finest)) / math.Log(growth)))
	}
	h[min(i, buckets-1)]++
}

func (h *histogram) merge(other *histogram) {
	for i, n := range other {
		h[i] += n
	}
}

// quantile returns the duration that a share q of all is at or below, up to 5 %
// too high, or zero if there are none.
func (h *histogram) quantile(q float64) time.Duration {
	var total uint64
	for _, n := range h {
		total += uint64(n)
	}
	rank := uint64(math.Ceil(q * float64(total)))
	if rank == 0 {
		return 0
	}
	var seen uint64
	for i, n := range h {
		if seen += uint64(n); seen >= rank {
			return time.Duration(float64(finest) * math.Pow(growth, float64(i)))
		}
	}
	return 0
}
