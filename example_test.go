package backstay_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/backstay-go/backstay"
	"github.com/backstay-go/backstay/breaker"
	"github.com/backstay-go/backstay/bulkhead"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/retry"
)

type User struct{ Name string }

// client stands for any client of a service.
var client users

type users struct{}

func (users) Get(context.Context, int) (*User, error) { return &User{Name: "Ada"}, nil }

func Example() {
	users := &backstay.Pipeline{
		Name:    "users",
		Timeout: 2 * time.Second,
		Retry:   &retry.Policy{MaxAttempts: 3},
		Gates: []gate.Gate{
			breaker.New(breaker.Config{Name: "users"}),
			bulkhead.New(bulkhead.Config{Name: "users", Limit: 64}),
		},
		AttemptTimeout: 500 * time.Millisecond,
	}
	user, err := backstay.Do(context.Background(), users, func(ctx context.Context) (*User, error) {
		return client.Get(ctx, 42)
	})
	fmt.Println(user.Name, err)
	// Output: Ada <nil>
}

// What went wrong is in the error, whatever else happened to the call.
func ExampleDo_errors() {
	users := &backstay.Pipeline{
		Name:  "users",
		Gates: []gate.Gate{breaker.New(breaker.Config{Name: "users", Consecutive: 1})},
	}
	down := errors.New("connection refused")
	for range 2 {
		_, err := backstay.Do(context.Background(), users, func(context.Context) (*User, error) {
			return nil, down
		})
		switch {
		case errors.Is(err, breaker.ErrOpen):
			fmt.Println("the breaker is open; the call never ran:", errors.Is(err, gate.ErrRejected))
		case errors.Is(err, context.DeadlineExceeded):
			fmt.Println("out of time")
		default:
			fmt.Println(err)
		}
	}
	// Output:
	// connection refused
	// the breaker is open; the call never ran: true
}

func ExampleTimeoutError() {
	slow := &backstay.Pipeline{Name: "report", Timeout: time.Millisecond}
	err := slow.Do(context.Background(), func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	})
	fmt.Println(err)
	fmt.Println(errors.Is(err, context.DeadlineExceeded))
	// Output:
	// call "report" timed out after 1ms
	// true
}
