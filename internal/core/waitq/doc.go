// Package waitq decides who is next among callers that wait for permits.
//
// It is the queue of the bulkhead and of the adaptive limit. It is bounded in
// count and time, and has four strict classes with a floor for each. In a class
// the oldest is served first, until the queue stands: when it has not been empty
// for so long that this is no burst, the oldest waiters are those whose callers
// are about to give up. Then the newest is served first, and newcomers wait
// only a short time.
//
// A [Queue] is a machine without clock, locks or goroutines: every reading of
// the clock is an argument, and a late one counts as no time passed.
//
// The order and the timeout of a standing queue follow Ben Maurer, "Fail at
// Scale", ACM Queue 13(8), 2015. To judge a queue by how long it has not been
// empty is CoDel's idea (Nichols and Jacobson, RFC 8289).
package waitq
