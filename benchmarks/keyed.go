package benchmarks

import (
	"fmt"
	"hash/maphash"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/time/rate"

	"github.com/backstay-go/backstay/ratelimit"
)

// sharded is the rival's name: nothing ready-made does this, so it is what one
// builds.
const sharded = "x/time/rate in 256 maps"

// keyed compares a rate limit for each of many keys. Each key gets a call a
// second and a burst that is never used up, so that none is ever idle enough to
// be forgotten.
func keyed(small bool) []Row {
	var rows []Row
	for _, size := range []struct {
		keys  int
		ratio float64
	}{{1_000, 0.6}, {100_000, 0.3}, {1_000_000, 0.6}} {
		rows = append(rows, Row{
			Name:    fmt.Sprintf("rate limit by key: allow, %d keys", size.keys),
			Callers: 1,
			Impls: []Impl{
				{Name: ours, New: func() Call { return walk(keysOf(size.keys, small), newKeyed) }},
				{Name: sharded, New: func() Call { return walk(keysOf(size.keys, small), newSharded) }},
			},
			Goal: Goal{Ratio: size.ratio},
		})
	}
	const million = 1_000_000
	return append(rows, Row{
		Name: "rate limit by key: memory, 1000000 keys", Callers: 1, Unit: "B/key",
		Impls: []Impl{
			{Name: ours, Measure: func() float64 { return bytesPerKey(keysOf(million, small), newKeyed) }},
			{Name: sharded, Measure: func() float64 { return bytesPerKey(keysOf(million, small), newSharded) }},
		},
		Goal: Goal{Value: 20},
	}, Row{
		Name: "rate limit by key: CPU of a collection, 1000000 keys", Callers: 2, Unit: "ms",
		Impls: []Impl{
			{Name: ours, Measure: func() float64 { return collection(keysOf(million, small), newKeyed) }},
			{Name: sharded, Measure: func() float64 { return collection(keysOf(million, small), newSharded) }},
		},
		Goal: Goal{Value: 5},
	})
}

const keyBurst = 1_000_000

// allower decides by key.
type allower func(key string) bool

func newKeyed(keys int) allower {
	l := ratelimit.NewKeyed[string](ratelimit.Config{
		Rate: ratelimit.Per(1, time.Second), Burst: keyBurst, MaxKeys: keys,
	})
	return l.Allow
}

// shard is one of the maps, with a lock of its own.
type shard struct {
	mu sync.Mutex
	m  map[string]*rate.Limiter
}

func newSharded(int) allower {
	shards := new([256]shard)
	for i := range shards {
		shards[i].m = map[string]*rate.Limiter{}
	}
	seed := maphash.MakeSeed()
	return func(key string) bool {
		s := &shards[maphash.String(seed, key)%256]
		s.mu.Lock()
		l, ok := s.m[key]
		if !ok {
			l = rate.NewLimiter(1, keyBurst)
			s.m[key] = l
		}
		s.mu.Unlock()
		return l.Allow()
	}
}

// filled returns a limiter that knows all keys.
func filled(keys []string, construct func(int) allower) allower {
	allow := construct(len(keys))
	for _, key := range keys {
		want(allow(key), "the first call of a key was refused")
	}
	return allow
}

// walk visits the keys in no order that a cache could guess. Each is written
// anew, as a request would bring it: what a limiter remembers may be cold, the
// key in hand is not. One caller at a time.
func walk(keys []string, construct func(int) allower) Call {
	allow := filled(keys, construct)
	n := uint64(len(keys))
	var name keyName
	return func(i uint64) {
		key := name.write(uint32(i * 0x9e3779b97f4a7c15 >> 32 % n))
		want(allow(key), "a call within the burst was refused")
	}
}

// keyName is room for a key, such as client-000f423f.
type keyName [len(keyPrefix) + 8]byte

const keyPrefix = "client-"

// write returns the key with a number. The next write overwrites it.
func (k *keyName) write(number uint32) string {
	const digits = "0123456789abcdef"
	copy(k[:], keyPrefix)
	for i := len(k) - 1; i >= len(keyPrefix); i-- {
		k[i] = digits[number%16]
		number /= 16
	}
	return unsafe.String(&k[0], len(k))
}

// bytesPerKey leaves out the keys themselves.
func bytesPerKey(keys []string, construct func(int) allower) float64 {
	before := heap()
	allow := filled(keys, construct)
	grown := heap() - before
	runtime.KeepAlive(allow)
	return float64(grown) / float64(len(keys))
}

// collection returns the CPU time that one garbage collection takes, in
// milliseconds.
func collection(keys []string, construct func(int) allower) float64 {
	const cycles = 3
	allow := filled(keys, construct)
	clear(keys) // only what the limiter keeps is to be collected
	runtime.GC()
	before := collectorSeconds()
	for range cycles {
		runtime.GC()
	}
	spent := collectorSeconds() - before
	runtime.KeepAlive(allow)
	return spent / cycles * 1000
}

func collectorSeconds() float64 {
	sample := []metrics.Sample{{Name: "/cpu/classes/gc/total:cpu-seconds"}}
	metrics.Read(sample)
	return sample[0].Value.Float64()
}

// keysOf makes n keys.
func keysOf(n int, small bool) []string {
	if small {
		n = 100
	}
	keys := make([]string, n)
	var name keyName
	for i := range keys {
		keys[i] = strings.Clone(name.write(uint32(i)))
	}
	return keys
}
