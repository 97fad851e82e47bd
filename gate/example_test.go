package gate_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/backstay-go/backstay/gate"
)

// businessHours is a gate of one's own: it needs no more than Acquire.
type businessHours struct{ open, shut int }

var errClosed = errors.New("outside business hours")

func (b businessHours) Acquire(context.Context) (gate.Permit, error) {
	hour := time.Date(2026, 1, 1, 3, 0, 0, 0, time.UTC).Hour()
	if hour < b.open || hour >= b.shut {
		return gate.Permit{}, &gate.RejectedError{Policy: "business_hours", Reason: errClosed}
	}
	return gate.Permit{}, nil
}

func Example() {
	err := gate.Do(context.Background(), businessHours{9, 17}, func(context.Context) error {
		fmt.Println("never printed at three in the morning")
		return nil
	})
	fmt.Println(err)
	fmt.Println(errors.Is(err, gate.ErrRejected), errors.Is(err, errClosed))
	// Output:
	// business_hours: outside business hours
	// true true
}

func ExampleWithPriority() {
	ctx := gate.WithPriority(context.Background(), gate.Sheddable)
	fmt.Println(gate.PriorityOf(ctx), gate.PriorityOf(context.Background()))
	// Output: sheddable critical
}
