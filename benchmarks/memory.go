package benchmarks

import (
	"runtime"

	"github.com/sony/gobreaker/v2"

	"github.com/backstay-go/backstay/breaker"
)

// memory compares what one instance keeps.
func memory() []Row {
	return []Row{{
		Name:    "breaker: one in memory",
		Callers: 1,
		Unit:    "B",
		Impls: []Impl{
			{Name: ours, Measure: func() float64 {
				return bytesEach(1000, func() any {
					b := breaker.New(breaker.Config{})
					breakerOurs(b, nil)(1)
					return b
				})
			}},
			{Name: "gobreaker", Measure: func() float64 {
				return bytesEach(1000, func() any {
					b := newSony()
					breakerSony(b, nil)(1)
					return b
				})
			}},
			{Name: "gobreaker, fixed window", Measure: func() float64 {
				return bytesEach(1000, func() any {
					b := gobreaker.NewCircuitBreaker[uint64](gobreaker.Settings{})
					breakerSony(b, nil)(1)
					return b
				})
			}},
		},
		Goal: Goal{Value: 512},
	}}
}

// bytesEach returns how much of the heap each of n values keeps.
func bytesEach(n int, construct func() any) float64 {
	kept := make([]any, n)
	before := heap()
	for i := range kept {
		kept[i] = construct()
	}
	grown := heap() - before
	runtime.KeepAlive(kept)
	return float64(grown) / float64(n)
}

// heap returns the bytes that are reachable.
func heap() int64 {
	runtime.GC()
	runtime.GC() // the first one only moves what pools keep to their victims
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
