// Package breaker stops calling what fails.
//
// A [Breaker] counts how calls end. When too many fail it opens: for a while
// calls are refused at once, which spares the callers a wait and the dependency
// the load. Then a few calls probe; when they succeed it closes again.
//
//	users := breaker.New(breaker.Config{Name: "users"})
//
//	err := users.Do(ctx, func(ctx context.Context) error {
//		return client.Ping(ctx)
//	})
//	if errors.Is(err, breaker.ErrOpen) {
//		// The call never ran: answer from a cache, or say when to come back.
//	}
//
// A breaker is a gate.Gate, to be used in a pipeline or an adapter. Where a call
// outlives a function, [Breaker.Acquire] and the permit's Done are the two ends
// of it. One breaker serves calls of every result type; make one for each thing
// that fails by itself: a host, a database, a queue.
//
// # When it opens
//
// Each rule is asked when something speaks against the dependency:
//
//   - FailureRate, when a call fails: the share of failures among the calls that
//     ended within Window, once there are MinCalls.
//   - Consecutive, when a call fails: so many failures with no success between.
//     It suits rare calls, which never make up MinCalls in a Window.
//   - SlowRate, when a call is slow: the share of calls that took SlowCall or
//     longer, those included that still run. It opens while everything hangs and
//     nothing fails yet. Calls are timed only if SlowCall is set.
//
// Rates are compared in integers: 57 failures of 100 are a rate of 0.57.
//
// What is a failure, Config.Classify says. By default the caller's own
// cancellation and the refusal of a gate further in count as nothing; a timeout,
// a panic and runtime.Goexit count as failures.
//
// # How it closes
//
// Open, the breaker refuses for the length of the cooldown, which doubles up to
// MaxCooldown whenever probing fails. Up to a fifth is taken off at random.
//
// Half-open, it admits so many calls at once as have to succeed. Each holds a slot
// until it ends, or for ProbeTimeout: a probe that hangs or is lost makes room for
// another, and so does one that was cancelled. One failure opens the breaker
// again, and so does a success slower than SlowCall.
//
// On the ramp, the share of calls that it admits grows from nothing to all, so
// that the waiting crowd does not fell what has just got up. [State] is HalfOpen
// still. The rules apply at once, without MinCalls, to all calls since probing
// began. [NoRamp] leaves the ramp out.
//
// An outcome decides only in the state that admitted the call: one that ends after
// the breaker has changed its state does nothing.
//
// # One for each key
//
// [Keyed] is a family of breakers, for each host or each tenant, of which it keeps
// a bounded number:
//
//	hosts := breaker.NewKeyed[string](breaker.Config{Name: "hosts"}, 1000)
//	err := hosts.Do(ctx, "eu-west-1", call)
//
// # By hand
//
// [Breaker.ForceOpen] and [Breaker.ForceClosed] take a time and a reason,
// [Breaker.Reset] ends either, and [Breaker.Update] exchanges the configuration
// of a breaker in use. Config.ObserveOnly tries a configuration without refusing
// anything.
//
// # Events
//
// An observer is told of every change of the state, with the cause in Err: "53 of
// 100 calls failed, last: connection refused". Changes arrive one at a time and in
// order, each From the To of the one before. A breaker does not wait for its
// observer: while it is busy up to eight changes queue up, and of more it is told
// the sum. It is also told of every refusal.
//
// # Cost
//
// A closed breaker takes no lock. Admitting is one atomic load; releasing is a
// reading of the clock and a compare and swap on one of four cache lines. Refusing
// is one reading of the clock. Nothing of that allocates, and with a reading of
// the caller's (gate.Timed) the clock is not read at all. SlowCall costs one more
// reading and two more swaps. A breaker takes 512 bytes, 320 more if calls are
// timed, and about 1200 more while it is open.
package breaker
