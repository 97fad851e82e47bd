package benchmarks

import (
	"context"

	failsafe "github.com/failsafe-go/failsafe-go/bulkhead"
	"golang.org/x/sync/semaphore"

	"github.com/backstay-go/backstay/bulkhead"
)

// bulkheads compare taking and giving back a permit while some are free.
func bulkheads() []Row {
	impls := []Impl{
		{Name: ours, New: bulkheadOurs},
		{Name: "x/sync/semaphore", New: bulkheadSemaphore},
		{Name: "failsafe-go", New: bulkheadFailsafe},
	}
	return []Row{
		{Name: "bulkhead: acquire and release", Callers: 1, Impls: impls, Goal: Goal{Ratio: 0.80}},
		{Name: "bulkhead: acquire and release", Callers: 2, Impls: impls, Goal: Goal{}},
	}
}

const slots = 64

func bulkheadOurs() Call {
	b := bulkhead.New(bulkhead.Config{Limit: slots})
	ctx := context.Background()
	return func(uint64) {
		permit, err := b.Acquire(ctx)
		must(err)
		permit.Done(nil)
	}
}

func bulkheadSemaphore() Call {
	s := semaphore.NewWeighted(slots)
	ctx := context.Background()
	return func(uint64) {
		must(s.Acquire(ctx, 1))
		s.Release(1)
	}
}

func bulkheadFailsafe() Call {
	b := failsafe.New[any](slots)
	ctx := context.Background()
	return func(uint64) {
		must(b.AcquirePermit(ctx))
		b.ReleasePermit()
	}
}
