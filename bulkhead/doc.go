// Package bulkhead limits how many calls run at once, so that one slow
// dependency cannot take all the goroutines, connections and memory of its
// callers, as a flooded compartment does not sink a ship.
//
//	users := bulkhead.New(bulkhead.Config{Name: "users", Limit: 64, Queue: 128})
//
//	err := gate.Do(ctx, users, func(ctx context.Context) error {
//		return client.Get(ctx, id)
//	})
//	if errors.Is(err, bulkhead.ErrFull) {
//		// 64 calls were running, and it did not come to this one's turn
//	}
//
// A call that weighs as much as several takes several permits, with
// [Bulkhead.AcquireN].
//
// # When to use which
//
// A bulkhead bounds calls at once, a rate limit calls per second. Calls at once
// are what fills a pool of connections, and they follow from rate and latency:
// a dependency that gets ten times slower holds ten times the permits at the
// same rate. Where each dependency is to have a limit of its own, give each a
// Bulkhead of its own.
//
// A queue evens out bursts. It does not help against a dependency that is too
// slow for what is asked of it, and without care it does harm: everybody waits
// for as long as they can, and then gives up. Keep Queue at zero for calls that
// can be refused at once, and at a few times Limit for those that had better
// wait.
//
// # Who is served next
//
//  1. The highest priority ([gate.WithPriority]), and of it the call that came
//     first. Each priority gets at least one permit of a hundred while it has
//     calls waiting.
//  2. When the queue has not been empty for half the time that its calls can
//     wait, it is no burst any more. From then on the newest call is served
//     first, and newcomers wait for twice the usual duration of a call, from 5
//     ms up: those who are served are served in time, where all would have been
//     served too late. When the queue has been empty, all is as before.
//  3. A call that wants more permits than are free keeps its turn until they
//     are; calls of its priority do not overtake it then.
//  4. A call whose deadline comes before it could have finished, by how long
//     calls take, is refused instead of served.
//
// In a full queue, a call takes the place of one of lower priority.
//
// # Facts
//
// All refusals by the same bulkhead for the same reason are one value. With
// After they say, from how long calls take and how many wait, when another try
// can succeed. Calls are timed when they waited, when they took the last permit
// and there is a queue, or when they took it by [Bulkhead.AcquireAt]; After is
// zero until one was.
//
// Done of one permit twice is a mistake in the caller, and panics where it can
// be told.
//
// # Cost
//
// To take a permit that is free and give it back costs half of what
// golang.org/x/sync/semaphore takes, without a lock, an allocation or a reading
// of the clock. A refusal writes to no shared memory. A call that waits
// allocates a channel, a timer and its place in the queue.
package bulkhead
