// Package backstay keeps calls standing when what they depend on does not: it
// composes reliability policies into one [Pipeline] and runs calls through it.
//
//	users := &backstay.Pipeline{
//		Name:    "users",
//		Timeout: 2 * time.Second,
//		Retry:   &retry.Policy{MaxAttempts: 3},
//		Gates: []gate.Gate{
//			breaker.New(breaker.Config{Name: "users"}),
//			bulkhead.New(bulkhead.Config{Name: "users", Limit: 64}),
//		},
//		AttemptTimeout: 500 * time.Millisecond,
//	}
//	user, err := backstay.Do(ctx, users, func(ctx context.Context) (*User, error) {
//		return client.Get(ctx, id)
//	})
//
// # The order of things
//
// The fields of a Pipeline stand in the order in which they act. Wrong orders,
// such as a retry inside an attempt's timeout, cannot be written:
//
//	Admit           gates for the whole call: rate limits, load shedding
//	Timeout         how long the call may take, retries included
//	Retry           when to attempt it again, and the budget for that
//	Gates           gates for each attempt: breaker, bulkhead
//	AttemptTimeout  how long one attempt may take
//
// For any other order, call Do inside Do.
//
// # Which policy for what
//
//   - The dependency fails now and then: package retry, with its budget.
//   - The dependency fails for a while: package breaker, so that callers fail
//     fast and the dependency can recover.
//   - The dependency slows down: timeouts, and package bulkhead, so that it
//     takes no more than its share of the callers.
//   - Callers ask for too much: package ratelimit.
//
// For HTTP, package backstayhttp does all this to an http.Client or a handler.
// A call that outlives a function, such as a stream, goes through a pipeline in
// steps: see [Call].
//
// # Errors
//
//	errors.Is(err, gate.ErrRejected)          a gate refused: the call never ran
//	errors.Is(err, context.DeadlineExceeded)  a timeout, the pipeline's or the caller's
//	errors.As(err, *backstay.TimeoutError)    the pipeline's own timeout
//	errors.Is(err, retry.ErrExhausted)        more than one attempt was made
//
// The operation's own last error is in the tree of all but the first.
//
// # Cost
//
// A call through rate limit, retry, breaker and bulkhead allocates nothing and
// reads the clock twice. A Timeout costs what context.WithTimeout costs, or
// nothing when the caller's deadline is tighter.
package backstay
