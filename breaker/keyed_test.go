package breaker_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay-go/backstay/breaker"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/gate/gatetest"
	"github.com/backstay-go/backstay/internal/bubble"
)

var _ gate.Keyed[string] = (*breaker.Keyed[string])(nil)

// one is the gate of one key.
type one struct{ *breaker.Keyed[string] }

func (g one) Acquire(ctx context.Context) (gate.Permit, error) { return g.Keyed.Acquire(ctx, "key") }

func TestKeyedContract(t *testing.T) {
	gatetest.Run(t, gatetest.Unlimited, func() gate.Gate {
		return one{breaker.NewKeyed[string](touchy, 10)}
	})
}

func TestKeysAreApart(t *testing.T) {
	k := breaker.NewKeyed[string](touchy, 10)
	_ = k.Do(t.Context(), "bad", fail)
	if err := k.Do(t.Context(), "good", succeed); err != nil {
		t.Errorf("Do of another key = %v, want nil", err)
	}
	err := k.Do(t.Context(), "bad", succeed)
	rejected, ok := errors.AsType[*gate.RejectedError](err)
	if !ok || rejected.Name != "users/bad" || !errors.Is(err, breaker.ErrOpen) {
		t.Errorf("Do of the key that failed = %v, want a refusal by users/bad", err)
	}
	if b, ok := k.Get("bad"); !ok || b.State() != breaker.Open {
		t.Error("Get does not find the open breaker")
	}
	if _, ok := k.Get("unknown"); ok {
		t.Error("Get finds the breaker of a key that never came")
	}
}

func TestEvictionSparesWhoIsNeeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := breaker.NewKeyed[string](touchy, 20)
		_ = k.Do(t.Context(), "open", fail)
		inUse, err := k.Acquire(t.Context(), "in use")
		if err != nil {
			t.Fatal(err)
		}
		_ = k.Do(t.Context(), "forced open", succeed)
		_ = k.Do(t.Context(), "forced closed", succeed)
		force := func(key string, how func(*breaker.Breaker)) {
			b, ok := k.Get(key)
			if !ok {
				t.Fatalf("no breaker of %s", key)
			}
			how(b)
		}
		force("forced open", func(b *breaker.Breaker) { b.ForceOpen(0, "") })
		force("forced closed", func(b *breaker.Breaker) { b.ForceClosed(0, "") })

		for i := range 5000 {
			_ = k.Do(t.Context(), fmt.Sprint(i), succeed)
			_ = k.Do(t.Context(), "often", succeed)
		}
		for _, key := range []string{"open", "in use", "forced open", "forced closed", "often"} {
			if _, ok := k.Get(key); !ok {
				t.Errorf("the breaker that is %s was evicted", key)
			}
		}
		s := k.Snapshot()
		if s.Keys != 20 || s.Untracked != 0 || s.Evicted != 5005-20 {
			t.Errorf("%+v, want 20 keys, none untracked, the others evicted", s)
		}

		// What is no longer needed goes.
		inUse.Done(nil)
		bubble.Advance(breaker.DefaultCooldown)
		for i := range 5000 {
			_ = k.Do(t.Context(), fmt.Sprint(i), succeed)
		}
		for _, key := range []string{"open", "in use", "often"} {
			if _, ok := k.Get(key); ok {
				t.Errorf("the breaker that was %s is still there", key)
			}
		}
	})
}

func TestNoRoomForAKey(t *testing.T) {
	k := breaker.NewKeyed[int](touchy, 3)
	for key := range 3 {
		_ = k.Do(t.Context(), key, fail)
	}
	for range 10 { // all three are open: nobody makes room
		if err := k.Do(t.Context(), 99, fail); err != errDown {
			t.Errorf("Do of a key without a breaker = %v, want its own error", err)
		}
	}
	permit, err := k.Acquire(t.Context(), 99)
	if err != nil {
		t.Errorf("Acquire of a key without a breaker = %v, want a permit", err)
	}
	permit.Done(errDown)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := k.Do(ctx, 99, succeed); err != context.Canceled {
		t.Errorf("Do with an ended context = %v, want its error", err)
	}
	if s := k.Snapshot(); s.Keys != 3 || s.Untracked != 12 {
		t.Errorf("%+v, want 3 keys and 12 calls untracked", s)
	}
	for key := range 3 {
		if err := k.Do(t.Context(), key, succeed); !errors.Is(err, breaker.ErrOpen) {
			t.Errorf("Do of open key %d = %v, want ErrOpen", key, err)
		}
	}
}

func TestFloodOfKeys(t *testing.T) {
	const most, keys = 1000, 20_000
	k := breaker.NewKeyed[int](breaker.Config{}, most)
	for key := range keys {
		_ = k.Do(t.Context(), key, succeed)
	}
	n := 0
	for range k.All() {
		n++
	}
	if s := k.Snapshot(); s.Keys != most || n != most || s.Evicted != keys-most {
		t.Errorf("%+v and %d listed, want %d keys", s, n, most)
	}
}

func TestKeyedUpdate(t *testing.T) {
	c := breaker.Config{Name: "hosts"}
	k := breaker.NewKeyed[string](c, 10)
	_ = k.Do(t.Context(), "a", succeed)
	if err := k.Update(breaker.Config{Probes: -1}); err == nil {
		t.Error("Update to what is not valid = nil, want an error")
	}
	c.Consecutive, c.Name = 1, "servers"
	if err := k.Update(c); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"a", "b"} { // one from before, one from after
		_ = k.Do(t.Context(), key, fail)
		err := k.Do(t.Context(), key, succeed)
		rejected, ok := errors.AsType[*gate.RejectedError](err)
		if !ok || rejected.Name != "servers/"+key {
			t.Errorf("after Update, Do of %s = %v; want a refusal by servers/%s", key, err, key)
		}
	}
}

func TestAllStopsWhenAsked(t *testing.T) {
	k := breaker.NewKeyed[int](breaker.Config{}, 10)
	for key := range 5 {
		_ = k.Do(t.Context(), key, succeed)
	}
	for range k.All() {
		break
	}
}

func TestNewKeyedPanics(t *testing.T) {
	for want, f := range map[string]func(){
		"breaker: maxKeys is 0: want a number of keys above 0": func() { breaker.NewKeyed[int](breaker.Config{}, 0) },
		breaker.Config{Probes: -1}.Validate().Error():          func() { breaker.NewKeyed[int](breaker.Config{Probes: -1}, 1) },
	} {
		func() {
			defer func() {
				if got := recover(); got != want {
					t.Errorf("NewKeyed panics with %v, want %v", got, want)
				}
			}()
			f()
		}()
	}
}

func TestKeyedAllocs(t *testing.T) {
	k := breaker.NewKeyed[string](touchy, 10)
	ctx := t.Context()
	wantAllocs(t, "Do of a known key", 0, func() { _ = k.Do(ctx, "good", succeed) })
	wantAllocs(t, "Acquire of a known key", 0, func() {
		permit, _ := k.Acquire(ctx, "good")
		permit.Done(nil)
	})
	_ = k.Do(ctx, "bad", fail)
	wantAllocs(t, "a refusal", 0, func() { _, _ = k.Acquire(ctx, "bad") })
}

// TestKeyedUnderLoad uses more keys than there is room for, from many
// goroutines: no key has two breakers while a call of it is under way.
func TestKeyedUnderLoad(t *testing.T) {
	k := breaker.NewKeyed[int](breaker.Config{Window: time.Hour}, 16)
	var calls sync.WaitGroup
	for g := range int64(16) {
		calls.Go(func() {
			random := rand.New(rand.NewSource(g))
			for range 300 {
				key := random.Intn(64)
				err := k.Do(t.Context(), key, func(context.Context) error {
					before, tracked := k.Get(key)
					after, still := k.Get(key)
					if tracked && (!still || before != after) {
						t.Errorf("the breaker of key %d was exchanged under a call", key)
					}
					return nil
				})
				if err != nil {
					t.Errorf("Do = %v, want nil", err)
				}
			}
		})
	}
	calls.Wait()
	if s := k.Snapshot(); s.Keys > 16 {
		t.Errorf("%d keys, want at most 16", s.Keys)
	}
}
