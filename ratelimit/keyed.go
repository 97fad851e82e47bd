package ratelimit

import (
	"context"
	"fmt"
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/clock"
	"github.com/backstay-go/backstay/internal/core/keytable"
)

// A Keyed admits the calls of each key at a rate: of each client, each tenant or
// each host. It is a gate.Keyed and safe for concurrent use. It must not be
// copied.
//
// Its memory is allocated once. A key is forgotten only when its burst is full
// again, so it makes no difference to it how many others there are; and keys for
// which there is no room, because MaxKeys others are busy, share the limit of one
// with a few of their like.
type Keyed[K comparable] struct {
	clock    clock.Clock
	table    *keytable.Table
	seed     maphash.Seed
	hash     func(maphash.Seed, K) uint64
	settings atomic.Pointer[settings]
	mu       sync.Mutex // one Update at a time
}

// NewKeyed returns a limiter of keys whose bursts are full. It panics if c is not
// valid.
//
// Keys are told apart by a hash whose seed nobody knows, so nobody can choose
// keys that collide. Keys of the type netip.Addr are told apart as networks are
// given to customers: an IPv4 address is a key, mapped into IPv6 or not, and an
// IPv6 network of 64 bits is one. For keys that contain an address, mask it in
// the same way with its Prefix method.
func NewKeyed[K comparable](c Config) *Keyed[K] {
	if err := c.Validate(); err != nil {
		panic(err.Error())
	}
	k := &Keyed[K]{
		clock: clock.New(),
		table: keytable.New(c.maxKeys(), int64(c.MaxWait), c.specs()...),
		seed:  maphash.MakeSeed(),
		hash:  hasher[K](),
	}
	k.settings.Store(newSettings(c, k.clock))
	return k
}

// Allow takes one token of key and reports whether there was one. It never waits
// and never allocates.
func (k *Keyed[K]) Allow(key K) bool {
	now := k.clock.Now()
	ready := k.table.Take(k.hash(k.seed, key), now, 1)
	return ready <= now || k.settings.Load().overlook(ready-now)
}

// AllowN takes n tokens of key, all or none, and never waits. A refusal is a
// *gate.RejectedError. Its reason is [ErrLimited], or [ErrExceedsBurst] if a full
// bucket does not hold n tokens; a negative n is refused as well. AllowN(key, 0)
// takes nothing, and tells whether there is a token to take.
func (k *Keyed[K]) AllowN(key K, n int) error {
	s := k.settings.Load()
	if n < 0 {
		return s.negative
	}
	now := k.clock.Now()
	if ready := k.table.Take(k.hash(k.seed, key), now, int64(n)); ready > now {
		return s.refuse(context.Background(), ready-now)
	}
	return nil
}

// Acquire takes one token of key. If there is none it waits for its turn among
// the calls of key, for no longer than MaxWait and ctx allow; if that would not
// be enough, it refuses at once and takes nothing. A token that is there is taken
// without a look at ctx.
//
// A refusal is a *gate.RejectedError. Its reason is [ErrLimited], or ctx's error
// if ctx ended the wait; the turn of such a call is lost if others of key stand
// behind it. The permit holds nothing: how the call ends makes no difference, and
// its token is spent.
func (k *Keyed[K]) Acquire(ctx context.Context, key K) (gate.Permit, error) {
	hash, now := k.hash(k.seed, key), k.clock.Now()
	ready := k.table.Take(hash, now, 1)
	if ready <= now {
		return gate.Permit{}, nil
	}
	s := k.settings.Load()
	if s.MaxWait == 0 {
		return gate.Permit{}, s.refuse(ctx, ready-now)
	}
	waited, err := k.wait(ctx, s, hash, now)
	if waited {
		return gate.Permit{}.AfterWait(), nil
	}
	return gate.Permit{}, err
}

// wait takes a token that can be had within MaxWait of now, and returns when it
// may be used.
func (k *Keyed[K]) wait(ctx context.Context, s *settings, hash uint64, now int64) (waited bool, err error) {
	patience, err := s.patience(ctx, now, s.MaxWait)
	if err != nil {
		return false, err
	}
	r, taken := k.table.Reserve(hash, now, 1, patience)
	if !taken {
		return false, s.refuse(ctx, r.At-now)
	}
	if err := s.sleep(ctx, r.At-now); err != nil {
		k.table.Cancel(k.clock.Now(), r)
		return false, err
	}
	return r.At > now, nil
}

// Update changes the configuration of all keys, except for MaxKeys. Tokens that
// were spent stay spent, up to the new burst; calls that wait keep their turns.
// The limits in And are matched by their position, and one that is new starts
// full. When limits or MaxWait change, Update takes some 50 ns for each of
// MaxKeys, and until it is done as much memory again as the keys; calls that come
// meanwhile wait for it. If c is not valid, Update returns what [Config.Validate]
// does and changes nothing.
func (k *Keyed[K]) Update(c Config) error {
	if err := c.Validate(); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	old := k.settings.Load()
	if had := old.maxKeys(); c.maxKeys() != had {
		return fmt.Errorf("ratelimit: MaxKeys is %d: want %d, as it cannot change in use", c.maxKeys(), had)
	}
	k.settings.Store(newSettings(c, k.clock))
	if specs := c.specs(); c.MaxWait != old.MaxWait || !slices.Equal(specs, old.specs()) {
		k.table.Update(k.clock.Now(), int64(c.MaxWait), specs...)
	}
	return nil
}
