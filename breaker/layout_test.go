package breaker

import (
	"testing"
	"unsafe"
)

// TestLayout keeps the counters on cache lines of their own: a size class that
// is a multiple of a line, with the counters at its start.
func TestLayout(t *testing.T) {
	const line = 64
	if size := unsafe.Sizeof(Breaker{}); size%line != 0 || size > 384 {
		t.Errorf("a Breaker takes %d bytes, want 384 or a smaller multiple of %d", size, line)
	}
	if offset := unsafe.Offsetof(Breaker{}.machine); offset != 0 {
		t.Errorf("the machine is at %d, want 0", offset)
	}
	if size := unsafe.Sizeof(settings{}); size > 128 {
		t.Errorf("the settings take %d bytes, want at most 128", size)
	}
}

// TestStripes spreads goroutines over the stripes.
func TestStripes(t *testing.T) {
	seen := map[uint]bool{}
	stripes := make(chan uint)
	stop := make(chan struct{})
	for range 64 { // all at once, so that each has a stack of its own
		go func() {
			stripes <- stripe() % 4
			<-stop
		}()
	}
	for range 64 {
		seen[<-stripes] = true
	}
	close(stop)
	if len(seen) < 2 {
		t.Errorf("64 goroutines use the stripes %v, want several", seen)
	}
	if a, b := called(), called(); a != b {
		t.Errorf("one goroutine uses the stripes %d and %d, want one", a%4, b%4)
	}
}

// called returns the stripe of a call as deep in the stack as the next.
//
//go:noinline
func called() uint { return stripe() }
