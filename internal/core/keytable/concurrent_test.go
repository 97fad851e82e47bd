package keytable

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/backstay-go/backstay/internal/core/gcra"
)

func TestConcurrentTakes(t *testing.T) {
	for name, specs := range map[string][]gcra.Spec{
		"one limit":  {{Count: 1, Period: second, Burst: 50}},
		"two limits": {{Count: 1, Period: second, Burst: 50}, {Count: 1, Period: hour, Burst: 60}},
	} {
		const keys = 40
		table := New(1000, 0, specs...)
		var granted [keys]atomic.Int64
		var callers sync.WaitGroup
		for range 16 {
			callers.Go(func() {
				for i := range keys * 10 {
					if key := i % keys; table.Take(hash(uint64(key)), 0, 1) == 0 {
						granted[key].Add(1)
					}
				}
			})
		}
		callers.Wait()
		for key := range granted {
			if got := granted[key].Load(); got != 50 {
				t.Errorf("%s: key %d was granted %d of 160 concurrent calls, want 50", name, key, got)
			}
		}
	}
}

// Callers whose readings differ race for the words of one line, which are busy
// for some and free for others.
func TestConcurrentLateReadings(t *testing.T) {
	spec := gcra.Spec{Count: 1, Period: 1000, Burst: 1}
	table := New(1, 0, spec)
	const keys = 12
	var clock atomic.Int64
	var granted [keys]atomic.Int64
	var callers sync.WaitGroup
	for i := range 8 {
		callers.Go(func() {
			for j := range 2000 {
				now := clock.Add(17)
				key := uint64(i+j) % keys
				if table.Take(table.in(1, key+1), now, 1) <= now {
					granted[key].Add(1)
				}
			}
		})
	}
	callers.Wait()
	most := clock.Load()/spec.Period + spec.Burst
	for key := range granted {
		if got := granted[key].Load(); got > most {
			t.Errorf("key %d was granted %d calls in %d ns, want %d at most", key, got, clock.Load(), most)
		}
	}
}
