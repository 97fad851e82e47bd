package breaker_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/backstay-go/backstay/breaker"
	"github.com/backstay-go/backstay/event"
	"github.com/backstay-go/backstay/gate"
)

func Example() {
	users := breaker.New(breaker.Config{Name: "users", Consecutive: 3})
	call := func(context.Context) error { return errors.New("connection refused") }

	for range 4 {
		err := users.Do(context.Background(), call)
		fmt.Println(users.State(), errors.Is(err, breaker.ErrOpen))
	}
	// Output:
	// closed false
	// closed false
	// open false
	// open true
}

// A response body outlives the function that asked for it; the permit ends with
// the body.
func ExampleBreaker_Acquire() {
	files := breaker.New(breaker.Config{Name: "files"})

	permit, err := files.Acquire(context.Background())
	if err != nil {
		fmt.Println("refused:", err)
		return
	}
	body := strings.NewReader("hello")
	_, err = io.Copy(io.Discard, body)
	permit.Done(err)

	fmt.Println(files.Snapshot().Calls, "call,", files.Snapshot().Failures, "failures")
	// Output: 1 call, 0 failures
}

func ExampleBreaker_ForceOpen() {
	users := breaker.New(breaker.Config{Name: "users"})
	users.ForceOpen(10*time.Minute, "database migration")

	err := users.Do(context.Background(), func(context.Context) error { return nil })
	rejected, _ := errors.AsType[*gate.RejectedError](err)
	fmt.Println(rejected.Policy, rejected.Name, rejected.Reason)
	fmt.Println(users.Snapshot().Cause)
	// Output:
	// breaker users circuit open
	// forced open: database migration
}

func ExampleKeyed() {
	hosts := breaker.NewKeyed[string](breaker.Config{Name: "hosts", Consecutive: 1}, 1000)
	down := func(context.Context) error { return errors.New("connection refused") }

	_ = hosts.Do(context.Background(), "east", down)
	for _, host := range []string{"east", "west"} {
		_, err := hosts.Acquire(context.Background(), host)
		fmt.Println(host, errors.Is(err, breaker.ErrOpen))
	}
	// Output:
	// east true
	// west false
}

// Not to find a row is an answer, and a good one.
func ExampleConfig_classify() {
	var errNoRows = errors.New("no rows")
	rows := breaker.New(breaker.Config{
		Consecutive: 1,
		Classify: func(err error) gate.Outcome {
			if errors.Is(err, errNoRows) {
				return gate.Success
			}
			return gate.Classify(err)
		},
	})
	_ = rows.Do(context.Background(), func(context.Context) error { return errNoRows })
	fmt.Println(rows.State())
	// Output: closed
}

func ExampleConfig_observer() {
	users := breaker.New(breaker.Config{
		Name:        "users",
		Consecutive: 2,
		Observer: event.Func(func(_ context.Context, e event.Event) {
			if e.Kind == event.StateChanged {
				fmt.Printf("%s: %v to %v: %v\n", e.Name, breaker.State(e.From), breaker.State(e.To), e.Err)
			}
		}),
	})
	for range 2 {
		_ = users.Do(context.Background(), func(context.Context) error { return io.ErrUnexpectedEOF })
	}
	users.Reset("the server is back")
	// Output:
	// users: closed to open: failures in a row: 2, last: unexpected EOF
	// users: open to closed: reset: the server is back
}
