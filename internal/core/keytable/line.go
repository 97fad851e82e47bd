package keytable

import "sync/atomic"

const (
	tatBits     = 44
	quarterBits = tatBits - 2
	quarter     = 1 << quarterBits // ticks in a quarter of the ring
	tatMask     = 1<<tatBits - 1

	maxFingerprint = 1<<(64-tatBits) - 2 // the one above is that of moved
)

// moved is what a word holds when its table has been replaced.
const moved = 1<<64 - 1

// line is the words of the keys that share a cache line. A word that is zero is
// free.
type line [8]atomic.Uint64

// fingerprint returns what stands for the key of hash within its line: the low
// bits, as the high ones have chosen the line. It is never 0.
func fingerprint(hash uint64) uint64 {
	return min(max(hash&(1<<(64-tatBits)-1), 1), maxFingerprint)
}

// pack returns the word of a key.
func pack(fingerprint uint64, tat int64) uint64 {
	return fingerprint<<tatBits | uint64(tat)&tatMask
}

// unpack returns the tat in a word, which must be within half the ring of now.
func unpack(word uint64, now int64) int64 {
	const unused = 64 - tatBits
	return now + int64((word-uint64(now))<<unused)>>unused
}

// find returns the word of a key, and what it holds.
func (l *line) find(fingerprint uint64) (slot *atomic.Uint64, word uint64) {
	for i := range l {
		if word := l[i].Load(); word>>tatBits == fingerprint {
			return &l[i], word
		}
	}
	return nil, 0
}

// vacancy returns a word that is free, or else the word of the key whose bucket
// has been full for longest: it is the least likely to come back.
func (l *line) vacancy(now int64) (slot *atomic.Uint64, word uint64) {
	least := now
	for i := range l {
		held := l[i].Load()
		if held == 0 {
			return &l[i], 0
		}
		if tat := unpack(held, now); tat < least || tat == now && slot == nil {
			slot, word, least = &l[i], held, tat
		}
	}
	return slot, word
}
