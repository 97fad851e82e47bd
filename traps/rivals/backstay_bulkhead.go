package rivals

import (
	"context"
	"time"

	"github.com/backstay-go/backstay/bulkhead"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/traps/driver"
)

type backstayBulkhead struct {
	*bulkhead.Bulkhead
	config bulkhead.Config
}

func newBackstayBulkhead(c driver.BulkheadConfig) driver.Bulkhead {
	config := bulkhead.Config{Limit: c.Limit, Queue: c.Queue, MaxWait: c.MaxWait}
	if config.MaxWait == 0 {
		config.MaxWait = time.Hour
	}
	return backstayBulkhead{bulkhead.New(config), config}
}

func (b backstayBulkhead) Do(ctx context.Context, op driver.Op) error {
	return backstayRefusal(gate.Do(ctx, b.Bulkhead, op))
}

func (b backstayBulkhead) DoN(ctx context.Context, n int, op driver.Op) error {
	return backstayRefusal(gate.Do(ctx, weight{b.Bulkhead, n}, op))
}

func (b backstayBulkhead) Resize(limit int) {
	b.config.Limit = limit
	if err := b.Update(b.config); err != nil {
		panic(err)
	}
}

// weight is a bulkhead for calls that count n times.
type weight struct {
	*bulkhead.Bulkhead
	n int
}

func (w weight) Acquire(ctx context.Context) (gate.Permit, error) { return w.AcquireN(ctx, w.n) }
