// Package waitq decides who is next among callers that wait for permits.
//
// It is the queue of the bulkhead and of the adaptive limit: bounded in count
// and time, with four strict classes and a floor for each, and first come first
// served until the queue stands; then the newest come first and wait only a
// short time, because the oldest are those whose callers have given up.
//
// A [Queue] is a machine without clock, locks or goroutines: every reading of
// the clock is an argument.
//
// The order and the timeouts of a standing queue follow Ben Maurer, "Fail at
// Scale", ACM Queue 13(8), 2015; the idea to judge a queue by how long it has
// not been empty is CoDel's (Nichols and Jacobson, RFC 8289).
package waitq
