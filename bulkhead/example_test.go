package bulkhead_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/backstay-go/backstay/bulkhead"
	"github.com/backstay-go/backstay/gate"
)

func Example() {
	users := bulkhead.New(bulkhead.Config{Name: "users", Limit: 2})
	call := func(context.Context) error { return nil }
	ctx := context.Background()

	// Two calls are running.
	first, _ := users.Acquire(ctx)
	second, _ := users.Acquire(ctx)

	err := gate.Do(ctx, users, call)
	fmt.Println(err)
	fmt.Println(errors.Is(err, bulkhead.ErrFull), errors.Is(err, gate.ErrRejected))

	first.Done(nil)
	fmt.Println(gate.Do(ctx, users, call))
	second.Done(nil)
	// Output:
	// bulkhead "users": no permit free
	// true true
	// <nil>
}

// An export weighs as much as ten other calls.
func ExampleBulkhead_AcquireN() {
	reports := bulkhead.New(bulkhead.Config{Name: "reports", Limit: 16})

	export, err := reports.AcquireN(context.Background(), 10)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(reports.Snapshot().InFlight)
	export.Done(nil)

	_, err = reports.AcquireN(context.Background(), 20)
	fmt.Println(err)
	// Output:
	// 10
	// bulkhead "reports": weight is not between 1 and the limit
}

// The calls that run keep their permits when the limit shrinks.
func ExampleBulkhead_Update() {
	users := bulkhead.New(bulkhead.Config{Name: "users", Limit: 2})
	running, _ := users.Acquire(context.Background())
	defer running.Done(nil)

	if err := users.Update(bulkhead.Config{Name: "users", Limit: 1}); err != nil {
		fmt.Println(err)
	}
	_, err := users.Acquire(context.Background())
	fmt.Println(err)
	fmt.Println(users.Update(bulkhead.Config{Limit: -1}))
	// Output:
	// bulkhead "users": no permit free
	// bulkhead: Limit is -1: want a number of permits up to 2147483647, or 0 for the default
}
