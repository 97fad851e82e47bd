package benchmarks

import (
	"fmt"
	"testing"
	"time"
)

// Row is one question of the comparison, put to us and to others.
type Row struct {
	// Name says what is done: "breaker: call".
	Name string
	// Callers is how many goroutines do it at once: 1, or 2 on two cores.
	Callers int
	// Unit is what Measure returns, such as "B/key". It is empty where calls are
	// timed.
	Unit string
	// Impls are the implementations: ours, then the one that the goal is set
	// against, then others.
	Impls []Impl
	// Goal is what ours has to reach.
	Goal Goal
}

// Impl is one implementation of a row. Either New or Measure is set.
type Impl struct {
	// Name is the name of the library.
	Name string
	// New sets the scene, and returns a call as a user would write it.
	New func() Call
	// Measure returns a figure that is not a time.
	Measure func() float64
}

// Call is one call. The number i differs from call to call. A Call panics if it
// does not end as it should: a fast wrong answer is no answer.
type Call func(i uint64)

// Goal bounds ours. A bound of zero is none, but for the allocations.
type Goal struct {
	// Ratio bounds ours divided by the first rival's.
	Ratio float64
	// Value bounds ours in the unit of the row.
	Value float64
	// Allocs bounds the allocations of a call.
	Allocs int64
}

// ours is the name of this library in the table.
const ours = "backstay"

// Cores is how many cores a comparison uses. One caller leaves the other to the
// garbage collector, as a service does.
const Cores = 2

// Run times the call once for each iteration of b. It wants [Cores] cores.
func (r Row) Run(b *testing.B, call Call) {
	b.ReportAllocs()
	if r.Callers == 1 {
		var i uint64
		for b.Loop() {
			call(i)
			i++
		}
		return
	}
	b.RunParallel(func(pb *testing.PB) {
		i := uint64(time.Now().UnixNano()) // a different walk for each goroutine
		for pb.Next() {
			call(i)
			i++
		}
	})
}

// plenty is a rate that is never reached, in calls a second.
const plenty = 1_000_000_000

// must panics if a call ended otherwise than it should.
func must(err error) {
	if err != nil {
		panic(fmt.Sprintf("benchmarks: the call ended with %v", err))
	}
}

// want panics if what was decided is not what should have been.
func want(ok bool, what string) {
	if !ok {
		panic("benchmarks: " + what)
	}
}
