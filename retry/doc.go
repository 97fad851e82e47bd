// Package retry attempts failed calls again: not too often, not all at once, and
// never so much that it makes an outage worse.
//
//	users := &retry.Policy{Name: "users"}
//
//	user, err := retry.Do(ctx, users, func(ctx context.Context) (*User, error) {
//		return client.Get(ctx, id)
//	})
//
// The zero [Policy] makes at most three attempts, with exponential back-off and
// full jitter. Only what is safe to run twice should be retried.
//
// # When a call is not attempted again
//
//	the error is not worth it      Permanent, the caller's cancellation, a refusal: see Retryable
//	the attempts are used up       MaxAttempts
//	there is no time               MaxElapsed; a wait and a typical attempt that the deadline does not allow
//	the budget is empty            Budget: most calls are failing, and retries would add to the load
//
// In each case the operation's own last error comes back at once: no policy
// waits when it knows that waiting is in vain.
//
// # The budget
//
// Retries multiply load exactly when a dependency can bear it least: three
// attempts for each call turn an outage into three times the traffic. A [Budget]
// bounds retries to a share of recent successes, by default one in five. It is
// on by default; policies for one upstream should share one.
//
// # Layers
//
// Retries of layers multiply too: three attempts of a client that itself
// attempts three times are nine. Retry at one layer, the one next to what
// fails.
//
// # Cost
//
// A call that succeeds at once costs about 20 ns and allocates nothing.
package retry
