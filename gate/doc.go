// Package gate is the contract between policies and the code they protect.
//
// A [Gate] decides whether a call may run now. Circuit breakers, rate limits,
// bulkheads and every other policy that can refuse are gates; HTTP, gRPC and
// SQL adapters are written once, against Gate. The contract has two steps,
// because a response body or a stream outlives the function that began it:
//
//	permit, err := g.Acquire(ctx)
//	if err != nil {
//		return err // refused: the call never ran
//	}
//	err = call(ctx)
//	permit.Done(err) // exactly once; err says how the call ended
//	return err
//
// For a call that begins and ends in one function, [Do] is the same with the
// permit released even when the call panics:
//
//	err := gate.Do(ctx, g, call)
//
// # Rules every gate obeys
//
//  1. An error from Acquire means that the call never ran. It matches
//     [ErrRejected], and a [*RejectedError] says which policy refused and why.
//  2. Acquire waits no longer than its context allows.
//  3. A refusal allocates nothing, because overload is when refusals are most
//     frequent; a limiter may allocate one error, to tell the exact After.
//  4. A permit is released by Done whatever happened to the call: an error, a
//     panic or runtime.Goexit. A call with the outcome [Ignored] gives back
//     what it held and decides nothing.
//  5. User code (observers, classifiers) is never called with a lock held.
//  6. Everything a gate keeps is bounded.
//
// The package gatetest checks these rules for any implementation.
//
// # Cost
//
// A [Permit] is a small value; acquiring and releasing one allocates nothing.
// A gate that also implements [Timed] shares the clock reading of its caller.
package gate
