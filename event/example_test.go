package event_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/backstay-go/backstay/event"
)

func ExampleFunc() {
	retries := event.Func(func(_ context.Context, e event.Event) {
		if e.Kind == event.Retrying {
			fmt.Printf("%s: attempt %d failed: %v\n", e.Name, e.Attempt, e.Err)
		}
	})
	event.Notify(context.Background(), retries, event.Event{
		Kind: event.Retrying, Policy: "retry", Name: "users", Attempt: 1, Err: errors.New("connection refused"),
	})
	// Output: users: attempt 1 failed: connection refused
}

func ExampleTee() {
	count := 0
	counter := event.Func(func(context.Context, event.Event) { count++ })
	both := event.Tee(counter, event.Slog(slog.Default()))
	event.Notify(context.Background(), both, event.Event{Kind: event.Finished})
	fmt.Println(count)
	// Output: 1
}
