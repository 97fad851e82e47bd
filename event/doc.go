// Package event is what policies report.
//
// A policy never logs. It tells its [Observer], when it has one, what it
// decided and why; logs, metrics, dashboards and traces are observers:
//
//	users := breaker.New(breaker.Config{
//		Name:     "users",
//		Observer: event.Slog(slog.Default()),
//	})
//
// [Func] makes an observer of a function, [Tee] one of several.
//
// Each policy tells its own observer, and so does a pipeline: one observer for a
// pipeline and its retry policy hears of each retry from both.
//
// # What observers can rely on
//
//  1. Observe is called in the goroutine of the call that caused the event,
//     never with a lock of the policy held: an observer may ask the policy for
//     its state. A change of state or limit that comes while another is being
//     told is told after that, in the same goroutine.
//  2. The state changes of one policy arrive in order, one at a time, each with
//     From equal to the To of the one before.
//  3. A panic in an observer is recovered and forgotten. A slow observer delays
//     the call that it is called in, and no other.
//  4. A policy without an observer pays one comparison.
package event
