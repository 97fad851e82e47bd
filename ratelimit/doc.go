// Package ratelimit bounds how many calls start in a time: of everybody
// together, with a [Limiter], or of each client, with a [Keyed].
//
//	search := ratelimit.New(ratelimit.Config{
//		Name: "search",
//		Rate: ratelimit.Per(100, time.Second),
//	})
//
//	if !search.Allow() {
//		return errTooMany
//	}
//
// Both are gates, for a pipeline or for HTTP middleware:
//
//	clients := ratelimit.NewKeyed[string](ratelimit.Config{
//		Name:  "clients",
//		Rate:  ratelimit.Per(1000, time.Hour),
//		Burst: 50,
//	})
//
// # When to use which
//
// A rate limit keeps a promise about numbers: a quota that a client has, a price
// that is paid for each call, what another service has asked for. It does not
// know how the service does. Where that is what counts, use the package bulkhead:
// it bounds calls at once, which follow from rate and latency.
//
// Of the ways to ask, Allow is the fastest and Acquire is what adapters use; both
// take one token for a call. [Limiter.AllowN] is for calls that cost more than
// others, [Limiter.Wait] for clients that keep to somebody else's limit,
// [Limiter.Reserve] for those who do their own waiting, [Limiter.TakeUpTo] for
// work that comes in batches. What was taken and not needed is given back with
// [Limiter.Refund].
//
// Burst is how uneven the calls may be. In any stretch of time there are at most
// Burst calls and those that Rate allows in it; a Burst of Rate.Count, which is
// the default, can therefore mean twice the Count in one Period. For several
// limits at once, such as 10 per second and 1000 per hour, use Config.And.
//
// # Facts
//
//  1. Decisions are exact, in whole numbers of nanoseconds, at any rate from one
//     in years to one a nanosecond. There is never a call more than the limit
//     allows, with any number of goroutines, late readings of the clock, changes
//     of the configuration, cancelled waits and timely refunds. Nor is there one
//     less, but for a few rates, such as 333/s, at which a call may have to come a
//     nanosecond or two later: those where more than 32 is left of Count when it
//     and the nanoseconds of Period are divided by all that divides both.
//  2. The After of a refusal is exact as well: the same call a nanosecond before
//     is refused, and then it is admitted if no other came before it.
//  3. A refusal takes nothing, from none of several limits.
//  4. Those who wait are served in order. One who gives up leaves no debt: the
//     next who comes gets the place. Tokens that are given back go to whoever
//     comes next as well; those who wait keep their times.
//  5. Only the monotonic clock counts. Nothing happens when the wall clock steps.
//  6. The memory of a Keyed is allocated once and holds no pointers: 18 bytes a
//     key and limit. A key is forgotten only when its burst is full again, so a
//     flood of other keys changes nothing for it. A key that finds no room shares
//     a limit with those of its neighbours that find none, one in a hundred when
//     MaxKeys are busy; and of a million busy keys about seven share one with
//     another key by chance. Sharing makes a limit stricter, never looser.
//  7. A Keyed is as exact where Burst is refilled, and MaxWait over, within a
//     time: 73 minutes divided by what is left of the Count of fact 1, which is 1
//     for 100/s and 3 for 30/s. Within 73 minutes it counts in nanoseconds or so,
//     and beyond in the least power of ten of them that makes it fit ("1/d" in
//     steps of 100 ns). Steps are rounded so that they never admit more; a call
//     may have to come a step or two later.
//
// Two promises of a Limiter hold for the keys of a Keyed in part. A burst that is
// lowered by Update and raised again may forgive the difference. The place of one
// who gives up is lost when others of the same key wait behind it.
//
// # Cost
//
// [Limiter.Allow] is one reading of the clock and one compare-and-swap; to refuse
// is one reading and one load. That is less than half of what
// golang.org/x/time/rate takes. [Keyed.Allow] adds the hash of the key and one
// cache line. None of them allocates; a refusal as an error allocates the error.
// To admit a call under several limits takes a lock, of the limiter or of some
// hundred keys.
//
// The algorithm is the generic cell rate algorithm, GCRA (ITU-T I.371).
package ratelimit
