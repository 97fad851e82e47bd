package naive

import (
	"sync/atomic"
	"time"
)

// Bucket is a token bucket. Now may be replaced.
type Bucket struct {
	Rate, Burst int64 // tokens per second, and at most
	Now         func() time.Time

	tokens, last atomic.Int64
}

// NewBucket returns a full bucket.
func NewBucket(rate, burst int64) *Bucket {
	b := &Bucket{Rate: rate, Burst: burst, Now: time.Now}
	b.tokens.Store(burst)
	b.last.Store(b.Now().Unix())
	return b
}

// Allow refills by whole seconds and takes a token with one weak
// compare-and-swap: who loses the race is refused, and a refill overwrites what
// others took meanwhile.
func (b *Bucket) Allow(n int64) bool {
	now := b.Now().Unix()
	if last := b.last.Swap(now); last != now {
		b.tokens.Store(min(b.Burst, b.tokens.Load()+(now-last)*b.Rate))
	}
	tokens := b.tokens.Load()
	return tokens >= n && b.tokens.CompareAndSwap(tokens, tokens-n)
}
