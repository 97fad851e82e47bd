package retry_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/backstay-go/backstay/retry"
)

// flaky fails twice and then works.
func flaky() func(context.Context) (string, error) {
	calls := 0
	return func(context.Context) (string, error) {
		calls++
		if calls < 3 {
			return "", errors.New("connection refused")
		}
		return "Ada", nil
	}
}

func ExampleDo() {
	users := &retry.Policy{
		Name:    "users",
		Backoff: retry.Exponential{Base: time.Millisecond},
		Budget:  retry.NewBudget(retry.BudgetConfig{MinPerSecond: 10}),
	}
	get := flaky()
	for range 2 { // the budget starts with one retry: the second call has to earn it
		user, err := retry.Do(context.Background(), users, get)
		fmt.Printf("%q %v\n", user, err)
	}
	// Output:
	// "" 2 attempts failed (retry budget empty), last: connection refused
	// "Ada" <nil>
}

func ExamplePermanent() {
	users := &retry.Policy{}
	err := users.Do(context.Background(), func(context.Context) error {
		return retry.Permanent(errors.New("no such user"))
	})
	fmt.Println(err, errors.Is(err, retry.ErrPermanent))
	// Output: no such user true
}

func ExampleExhaustedError() {
	users := &retry.Policy{
		MaxAttempts: 2,
		Backoff:     retry.Constant{Wait: time.Millisecond, Jitter: retry.NoJitter},
	}
	err := users.Do(context.Background(), func(context.Context) error { return errors.New("connection refused") })

	if exhausted, ok := errors.AsType[*retry.ExhaustedError](err); ok {
		fmt.Println(exhausted.Attempts, exhausted.Err)
	}
	// Output: 2 connection refused
}

func ExampleBackoff() {
	var backoff retry.Backoff = retry.Exponential{Jitter: retry.NoJitter}
	for attempt := range 4 {
		fmt.Println(backoff.Delay(attempt+1, 0, 0))
	}
	// Output:
	// 100ms
	// 200ms
	// 400ms
	// 800ms
}

// A Run is for a loop of one's own.
func ExampleRun() {
	policy := &retry.Policy{Backoff: retry.Constant{}}
	ctx := context.Background()
	run := policy.Begin(time.Now())
	for {
		err := errors.New("connection refused")
		_, final := run.Fail(ctx, time.Now(), err)
		if final != nil {
			fmt.Println(final)
			return
		}
		fmt.Println("attempt", run.Attempt())
	}
	// Output:
	// attempt 2
	// 2 attempts failed (retry budget empty), last: connection refused
}
