// Package ledger checks in tests that what a limiter granted conforms to its
// limit. It plays the grants back on a bucket of exact integers, which is slow
// and shares no arithmetic with the limiters.
package ledger

import (
	"cmp"
	"math/big"
	"slices"
	"sync"
	"testing"
)

// Ledger records when tokens were used and given back. The zero Ledger is empty
// and ready; it is safe for concurrent use.
type Ledger struct {
	mu      sync.Mutex
	entries []*Entry
}

// Entry is one use of tokens.
type Entry struct {
	at, n int64
}

// Use records that n tokens were used at a time in nanoseconds; below zero they
// were given back.
func (l *Ledger) Use(at, n int64) *Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := &Entry{at, n}
	l.entries = append(l.entries, e)
	return e
}

// Void strikes e out: its tokens were not used after all.
func (e *Entry) Void() { e.n = 0 }

// Tokens returns the tokens that e used.
func (e *Entry) Tokens() int64 { return e.n }

// Total returns the tokens used less those given back.
func (l *Ledger) Total() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	total := int64(0)
	for _, e := range l.entries {
		total += e.n
	}
	return total
}

// Check fails the test at the first use that a bucket could not supply which is
// full at the start, holds burst tokens and is refilled with count tokens each
// period. It holds for every window of time: no more is used in it than burst
// and what the rate allows. Entries of one time count in the order in which they
// were made.
func (l *Ledger) Check(t testing.TB, count, period, burst int64) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	slices.SortStableFunc(l.entries, func(a, b *Entry) int { return cmp.Compare(a.at, b.at) })
	// The level counts in parts of a token, of which count are refilled each
	// nanosecond.
	full := product(burst, period)
	level, now := new(big.Int).Set(full), int64(0)
	for i, e := range l.entries {
		level.Add(level, product(e.at-now, count))
		if level.Cmp(full) > 0 {
			level.Set(full)
		}
		now = e.at
		level.Sub(level, product(e.n, period))
		if level.Sign() < 0 {
			t.Fatalf("%d tokens each %d ns, burst %d: use %d, of %d tokens at %d ns, is too much by %v of %d parts of a token",
				count, period, burst, i, e.n, e.at, level.Neg(level), period)
		}
		if level.Cmp(full) > 0 {
			level.Set(full)
		}
	}
}

func product(a, b int64) *big.Int { return new(big.Int).Mul(big.NewInt(a), big.NewInt(b)) }
