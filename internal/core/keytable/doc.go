// Package keytable holds one rate limit for each key, in memory of a fixed size
// that is allocated once and holds no pointers: 18 bytes for each key that may be
// busy at the same time.
//
// The state of a key is one word: 20 bits that stand for the key, its
// fingerprint, and 44 bits of its tat (see package gcra). A key belongs to one
// line of 8 words, a cache line, and may be in any of them. Taking a token from a
// key that has a word is one compare-and-swap.
//
// # Forgetting
//
// A word is taken from a key only when its bucket is full again: there is
// nothing left to remember. However many other keys arrive, none is reset.
// When all words of a line are busy, the keys that find no room share one more
// bucket, the overflow of the line, and are counted; a key that moves from there
// to a word of its own takes the debt along. Two keys of a line with
// the same fingerprint, 7 in a million when the line is full, share a bucket as
// well. Sharing is stricter, never looser.
//
// # Time in 44 bits
//
// A tat counts ticks on a ring of 2^44. They are the exact ones of package
// gcra where burst and patience fit a quarter of the ring: 73 minutes at one
// tick to the nanosecond. Else a tick is about a nanosecond, or the least
// power of ten of them that makes burst and patience fit: 100 ns for one a
// day. Rounding is up where it charges and down where it decides, so a coarse
// tick never admits more. A word that stays untouched for half the ring would
// be mistaken for a busy one; therefore each stripe of 64 lines is swept by
// the first who comes in a new quarter.
//
// Words are added and removed under the lock of their stripe, and changed
// without one.
package keytable
