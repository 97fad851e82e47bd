package breaker

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/backstay-go/backstay/gate"
)

// Keyed is a family of breakers, one for each key: for each host behind a
// client, for each tenant's database. It is a gate.Keyed, safe for concurrent
// use, and must not be copied. [NewKeyed] makes one.
//
// It keeps no more than a fixed number of breakers. When a new key comes and
// there is no room, a breaker goes that has not been used for long, is not open
// and has no call under way. Where there is none, the call of the new key is
// admitted without a breaker: one that cannot be told from others must not be
// refused for them.
type Keyed[K comparable] struct {
	most int

	mu        sync.RWMutex
	config    Config
	members   map[K]*member[K]
	ring      []*member[K] // the members, in a circle
	hand      int          // where in the circle the last one went
	evicted   uint64
	untracked uint64
}

// member is the breaker of one key.
type member[K comparable] struct {
	key     K
	breaker *Breaker
	calls   atomic.Int64 // that have been admitted and have not ended
	recent  atomic.Bool  // used more than once since the hand was here
}

// NewKeyed returns a family of at most maxKeys breakers, each as c says. The Name
// of each is that of c, a slash and the key. It panics if c is not valid or
// maxKeys is below 1.
func NewKeyed[K comparable](c Config, maxKeys int) *Keyed[K] {
	if err := c.Validate(); err != nil {
		panic(err.Error())
	}
	if maxKeys < 1 {
		panic(fmt.Sprintf("breaker: maxKeys is %d: want a number of keys above 0", maxKeys))
	}
	return &Keyed[K]{most: maxKeys, config: c, members: make(map[K]*member[K])}
}

// Acquire is [Breaker.Acquire] of the breaker of key.
func (k *Keyed[K]) Acquire(ctx context.Context, key K) (gate.Permit, error) {
	m := k.use(key)
	if m == nil {
		return gate.Permit{}, nil
	}
	token, err := m.breaker.enter(ctx)
	if err != nil {
		m.calls.Add(-1)
		return gate.Permit{}, err
	}
	return gate.NewPermit(m, token), nil
}

// Do is [Breaker.Do] of the breaker of key.
func (k *Keyed[K]) Do(ctx context.Context, key K, op func(context.Context) error) error {
	m := k.use(key)
	if m == nil {
		return gate.Do(ctx, nil, op)
	}
	defer m.calls.Add(-1)
	return m.breaker.Do(ctx, op)
}

// Release takes back a permit of [Keyed.Acquire].
func (m *member[K]) Release(token gate.Token, err error) {
	defer m.calls.Add(-1)
	m.breaker.Release(token, err)
}

// use returns the member of key with one more call, or nil if there is no room
// for it.
func (k *Keyed[K]) use(key K) *member[K] {
	k.mu.RLock()
	m := k.members[key]
	if m != nil {
		m.calls.Add(1)
	}
	k.mu.RUnlock()
	if m == nil {
		return k.add(key)
	}
	if !m.recent.Load() {
		m.recent.Store(true)
	}
	return m
}

// add makes a member of key.
func (k *Keyed[K]) add(key K) *member[K] {
	suffix := suffixOf(key) // not under the lock
	k.mu.Lock()
	defer k.mu.Unlock()
	if m := k.members[key]; m != nil {
		m.calls.Add(1)
		return m
	}
	i := len(k.ring)
	if i == k.most {
		if i = k.evict(); i < 0 {
			k.untracked++
			return nil
		}
	} else {
		k.ring = append(k.ring, nil)
	}
	c := k.config
	c.Name += suffix
	m := &member[K]{key: key, breaker: New(c)}
	m.calls.Store(1)
	k.members[key], k.ring[i] = m, m
	return m
}

// suffixOf returns what a breaker's name has behind that of its family. It may
// run code of the caller's.
func suffixOf(key any) string { return "/" + fmt.Sprint(key) }

// evict removes a member that is not needed, and returns its place in the ring,
// or -1. It is the clock algorithm: whoever was used again since the hand passed
// is spared once. Requires k.mu.
func (k *Keyed[K]) evict() int {
	const patience = 64 // a full family must not cost every new key a full search
	for range min(patience, 2*len(k.ring)) {
		k.hand = (k.hand + 1) % len(k.ring)
		m := k.ring[k.hand]
		if m.recent.Swap(false) || m.calls.Load() > 0 || !m.breaker.idle() {
			continue
		}
		delete(k.members, m.key)
		k.evicted++
		return k.hand
	}
	return -1
}

// idle reports whether a breaker that is not used may be forgotten: it is closed
// by its rules, or its cooldown is over.
func (b *Breaker) idle() bool {
	r := b.refusing.Load()
	forcedClosed := r != nil && len(r.errors) == 0
	return r == nil || !forcedClosed && b.clock.Now() >= r.all.Load()
}

// Get returns the breaker of key, if there is one, to look at or to force.
func (k *Keyed[K]) Get(key K) (*Breaker, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if m := k.members[key]; m != nil {
		return m.breaker, true
	}
	return nil, false
}

// All returns the keys and their breakers, in no order.
func (k *Keyed[K]) All() iter.Seq2[K, *Breaker] {
	return func(yield func(K, *Breaker) bool) {
		for _, m := range k.list() {
			if !yield(m.key, m.breaker) {
				return
			}
		}
	}
}

func (k *Keyed[K]) list() []*member[K] {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return slices.Clone(k.ring)
}

// Update is [Breaker.Update] of all breakers, those to come included.
func (k *Keyed[K]) Update(c Config) error {
	if err := c.Validate(); err != nil {
		return err
	}
	k.mu.Lock()
	k.config = c
	k.mu.Unlock()
	for key, b := range k.All() {
		named := c
		named.Name += suffixOf(key)
		if err := b.Update(named); err != nil {
			return err
		}
	}
	return nil
}

// KeyedSnapshot is what a [Keyed] can tell of itself at one moment.
type KeyedSnapshot struct {
	// Keys is how many breakers there are.
	Keys int `json:"keys"`
	// Evicted is how many had to make room for others so far.
	Evicted uint64 `json:"evicted"`
	// Untracked is how many calls were admitted without a breaker so far.
	Untracked uint64 `json:"untracked"`
}

// Snapshot returns what there is to tell at this moment. [Keyed.All] has more.
func (k *Keyed[K]) Snapshot() KeyedSnapshot {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return KeyedSnapshot{Keys: len(k.ring), Evicted: k.evicted, Untracked: k.untracked}
}
