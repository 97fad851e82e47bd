// Package gcra is the generic cell rate algorithm in exact integers.
//
// A limit is a bucket that starts full with a burst of tokens and is refilled at
// a rate. All that a bucket needs to remember is its tat, the theoretical
// arrival time: when it will be full again. Its debt, what is missing from it,
// is tat minus now; a call that costs c may run if debt + c is no more than the
// burst, and moves tat by c. (ITU-T I.371 states it for ATM cells.)
//
// # Ticks
//
// A tat counts ticks. A token is worth a whole number of them, and so is a
// nanosecond, where up to 32 ticks of it will do: one where the period divides
// evenly, and three at 3 per second, where a token is worth 1 000 000 000.
// Everything is exact then.
//
// At other rates a tick is a little less than a nanosecond: at 333 per second a
// token is worth 3 003 004 ticks and a second 1 000 000 332. Adding and
// subtracting tokens is still exact. Only readings of the clock are rounded, down
// to decide and up to charge, so that the rounding never adds up. It can make the
// last token of a burst a nanosecond or two late.
//
// A call is never early: in any window of t nanoseconds at most
// burst + t*count/period tokens are granted, for the times at which the clock was
// read.
//
// # Late readings
//
// Goroutines overtake each other, so a reading may be older than one that was
// used before. It finds a greater debt than there is, and charges no less than
// a reading in order would: it can refuse a call, never mint a token.
//
// Methods take the time as nanoseconds since the owner's epoch and read no
// clock. A negative reading counts as zero; one beyond 36 years is out of range,
// or beyond 8 at the rates with the finest ticks.
package gcra
