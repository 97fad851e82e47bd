package ratelimit_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/bubble"
	"github.com/backstay-go/backstay/ratelimit"
)

var _ gate.Keyed[string] = (*ratelimit.Keyed[string])(nil)

var oneAnHour = ratelimit.Config{Name: "clients", Rate: ratelimit.Per(1, time.Hour), MaxKeys: 1000}

func TestKeyed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := ratelimit.NewKeyed[string](oneAnHour)
		for _, key := range []string{"a", "b", ""} {
			if !k.Allow(key) || k.Allow(key) {
				t.Errorf("key %q is not admitted exactly once", key)
			}
		}
		bubble.Advance(20 * time.Minute)
		_, err := k.Acquire(t.Context(), "b")
		rejected, _ := errors.AsType[*gate.RejectedError](err)
		want := gate.RejectedError{Policy: "ratelimit", Name: "clients", Reason: ratelimit.ErrLimited, After: 40 * time.Minute}
		if rejected == nil || *rejected != want {
			t.Errorf("Acquire = %+v, want %+v", rejected, want)
		}
		bubble.Advance(40 * time.Minute)
		if _, err := k.Acquire(t.Context(), "b"); err != nil {
			t.Errorf("Acquire when due = %v, want a permit", err)
		}
	})
}

func TestKeysOfAnyType(t *testing.T) {
	type id string
	type route struct {
		host string
		port int
	}
	once(t, id("a"), id("b"))
	once(t, 1, 2)
	once(t, route{"a", 80}, route{"a", 443})
	once(t, [2]string{"a", "b"}, [2]string{"a", "c"})
	once(t, any("1"), any(1))
}

// once checks that each of two keys is admitted once.
func once[K comparable](t *testing.T, a, b K) {
	t.Helper()
	k := ratelimit.NewKeyed[K](oneAnHour)
	if !k.Allow(a) || k.Allow(a) || !k.Allow(b) || k.Allow(b) {
		t.Errorf("keys %v and %v are not admitted once each", a, b)
	}
}

func TestAddresses(t *testing.T) {
	tests := []struct {
		a, b string
		same bool
	}{
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"192.0.2.1", "::ffff:192.0.2.1", true},
		{"::ffff:192.0.2.1", "::ffff:192.0.2.2", false},
		{"2001:db8::1", "2001:db8::2", true},
		{"2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", true},
		{"2001:db8:0:1::1", "2001:db8:0:2::1", false},
		{"fe80::1%eth0", "fe80::1%eth1", true},
		{"::", "192.0.2.1", false},
	}
	for _, test := range tests {
		k := ratelimit.NewKeyed[netip.Addr](oneAnHour)
		k.Allow(netip.MustParseAddr(test.a))
		if same := !k.Allow(netip.MustParseAddr(test.b)); same != test.same {
			t.Errorf("%s and %s are the same key: %v, want %v", test.a, test.b, same, test.same)
		}
	}
}

func TestFloodResetsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := ratelimit.NewKeyed[int](ratelimit.Config{Rate: ratelimit.Per(5, time.Hour), MaxKeys: 1000})
		admitted := 0
		for i := range 100_000 {
			if i%100 == 0 && k.Allow(-1) {
				admitted++
			}
			k.Allow(i)
		}
		if admitted != 5 {
			t.Errorf("during a flood of other keys a key was admitted %d times, want 5", admitted)
		}
		snapshot := k.Snapshot()
		if snapshot.Crowded == 0 || snapshot.Busy < 1000 {
			t.Errorf("Snapshot after the flood = %+v, want crowded calls and more busy keys than MaxKeys", snapshot)
		}
	})
}

func TestMemoryIsFixed(t *testing.T) {
	keys := 2_000_000
	if raceEnabled || testing.Short() {
		keys = 100_000
	}
	k := ratelimit.NewKeyed[int](ratelimit.Config{Rate: ratelimit.Per(1, time.Hour)})
	bytes := k.Snapshot().Bytes
	i := 0
	if got := testing.AllocsPerRun(1, func() {
		for range keys / 2 {
			k.Allow(i)
			i++
		}
	}); got != 0 {
		t.Errorf("%d keys make %v allocations, want 0", i, got)
	}
	if got := k.Snapshot().Bytes; got != bytes || float64(bytes) > 20*float64(ratelimit.DefaultMaxKeys) {
		t.Errorf("%d bytes after %d keys, want the same as at first, %d, and 20 for each of MaxKeys at most", got, i, bytes)
	}
}

func TestKeyedSnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := ratelimit.NewKeyed[int](ratelimit.Config{
			Name: "clients", Rate: ratelimit.Per(10, time.Second), Burst: 20, MaxKeys: 1000,
		})
		for key := range 300 {
			k.Allow(key)
		}
		text, err := json.Marshal(k.Snapshot())
		want := `{"name":"clients","shadow":false,"limits":[` +
			`{"rate":"10/s","limit":20,"window":2000000000,"remaining":20,"reset_after":0,"retry_after":0}],` +
			`"max_keys":1000,"busy":300,"crowded":0,"bytes":18256}`
		if err != nil || string(text) != want {
			t.Errorf("Snapshot = %s, %v\nwant %s", text, err, want)
		}
		bubble.Advance(time.Second)
		if got := k.Snapshot().Busy; got != 0 {
			t.Errorf("%d keys are busy when all bursts are full, want 0", got)
		}
	})
}

func TestUpdateOfKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := ratelimit.Config{Name: "a", Rate: ratelimit.Per(10, time.Second), MaxKeys: 1000}
		k := ratelimit.NewKeyed[string](config)
		if err := k.AllowN("x", 10); err != nil {
			t.Fatal(err)
		}
		config.Name, config.Rate, config.MaxWait = "b", ratelimit.Per(1, time.Hour), time.Minute
		if err := k.Update(config); err != nil {
			t.Fatal(err)
		}
		if got, want := fmt.Sprint(k.AllowN("x", 1)), `ratelimit "b": rate limit reached, retry after 1h0m0s`; got != want {
			t.Errorf("after Update AllowN = %s, want %s", got, want)
		}
		if !k.Allow("y") {
			t.Error("after Update a new key is refused")
		}
		config.Name = "c" // nothing that the keys would have to be told
		if err := k.Update(config); err != nil || k.Allow("x") || k.Allow("y") {
			t.Errorf("Update of the name = %v, want nil and both keys as they were", err)
		}
		config.MaxWait = 2 * time.Hour
		if err := k.Update(config); err != nil {
			t.Fatal(err)
		}
		if _, err := k.Acquire(t.Context(), "x"); err != nil {
			t.Errorf("Acquire with time enough to wait for an hour = %v, want a permit", err)
		}
		config.MaxKeys = 2000
		if got, want := fmt.Sprint(k.Update(config)), "ratelimit: MaxKeys is 2000: want 1000, as it cannot change in use"; got != want {
			t.Errorf("Update of MaxKeys = %s, want %s", got, want)
		}
	})
}
