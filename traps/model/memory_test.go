package model

import (
	"bytes"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"testing"
	"time"

	"github.com/backstay-go/backstay/ratelimit"
)

// resident returns the memory of the process, as the system counts it where it
// says so, and as the runtime does elsewhere.
func resident() int64 {
	debug.FreeOSMemory()
	status, err := os.ReadFile("/proc/self/status")
	if err == nil {
		_, rest, _ := bytes.Cut(status, []byte("VmRSS:"))
		if fields := bytes.Fields(rest); len(fields) > 0 {
			if kib, err := strconv.ParseInt(string(fields[0]), 10, 64); err == nil {
				return kib << 10
			}
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys - m.HeapReleased)
}

func TestDistinctKeysTakeNoMemory(t *testing.T) {
	limiter := ratelimit.NewKeyed[int](ratelimit.Config{Rate: ratelimit.Per(1, time.Minute), Burst: 5})
	for key := range 200_000 { // touch all of the table first
		limiter.Allow(-key - 1)
	}
	before := resident()
	for key := range distinctKeys {
		limiter.Allow(key)
	}
	grown := resident() - before
	runtime.KeepAlive(limiter)
	t.Logf("%d keys grow the process by %d KiB", distinctKeys, grown>>10)
	if grown > 4<<20 {
		t.Errorf("%d keys grow the process by %d MiB, want a flat line", distinctKeys, grown>>20)
	}
}
