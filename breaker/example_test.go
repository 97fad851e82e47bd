package breaker_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/backstay-go/backstay/breaker"
	"github.com/backstay-go/backstay/gate"
)

func Example() {
	users := breaker.New(breaker.Config{Name: "users", Consecutive: 3})
	call := func(context.Context) error { return errors.New("connection refused") }

	var err error
	for range 4 {
		err = users.Do(context.Background(), call)
		fmt.Println(errors.Is(err, breaker.ErrOpen), users.State())
	}
	rejected, _ := errors.AsType[*gate.RejectedError](err)
	fmt.Println(rejected.Policy, rejected.Name, rejected.Reason)
	// Output:
	// false closed
	// false closed
	// false open
	// true open
	// breaker users circuit open
}
