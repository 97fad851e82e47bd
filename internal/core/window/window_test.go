package window

import (
	"math/rand"
	"sync"
	"testing"
	"unsafe"
)

const width = 100

func started() *Window {
	w := new(Window)
	w.Start(0, width, 1)
	return w
}

func (w *Window) want(t *testing.T, calls, failures, slow uint64) {
	t.Helper()
	want := Counts{calls, failures, slow}
	if got := w.Total(); got != want {
		t.Errorf("Total() = %+v, want %+v", got, want)
	}
	if got, valid := w.Sum(); got != want || !valid {
		t.Errorf("Sum() = %+v, %v; want %+v, true", got, valid, want)
	}
}

func TestDelta(t *testing.T) {
	tests := []struct {
		failed, slow bool
		want         Counts
	}{
		{false, false, Counts{1, 0, 0}},
		{true, false, Counts{1, 1, 0}},
		{false, true, Counts{1, 0, 1}},
		{true, true, Counts{1, 1, 1}},
	}
	for _, test := range tests {
		if got := DeltaOf(test.failed, test.slow).Counts(); got != test.want {
			t.Errorf("DeltaOf(%v, %v) counts %+v, want %+v", test.failed, test.slow, got, test.want)
		}
	}
}

func TestOutcomesLeave(t *testing.T) {
	w := started()
	w.Add(0, 1, DeltaOf(true, false))
	w.Roll(5*width, width)
	w.Add(1, 1, DeltaOf(false, true))
	w.want(t, 2, 1, 1)

	// The first counts for ten buckets, its own included.
	w.Roll(10*width-1, width)
	w.want(t, 2, 1, 1)
	if w.Due(10*width - 1) {
		t.Error("a bucket is due before it ends")
	}
	if !w.Due(10 * width) {
		t.Error("a bucket that has ended is not due")
	}
	w.Roll(10*width, width)
	w.want(t, 1, 0, 1)
	w.Roll(15*width, width)
	w.want(t, 0, 0, 0)
}

func TestLateReadingChangesNothing(t *testing.T) {
	w := started()
	w.Roll(50*width, width)
	w.Add(0, 1, DeltaOf(true, false))
	w.Roll(0, width)
	w.Roll(-1000*width, width)
	w.want(t, 1, 1, 0)
}

func TestStaleTagCountsNothing(t *testing.T) {
	w := started()
	if got := w.Add(0, 2, DeltaOf(true, false)); got != Stale {
		t.Errorf("Add with a tag to come = %v, want Stale", got)
	}
	w.Add(0, 1, DeltaOf(true, false))
	w.Start(7, width, 2)
	if got := w.Add(0, 1, DeltaOf(true, false)); got != Stale {
		t.Errorf("Add with a tag that was = %v, want Stale", got)
	}
	w.want(t, 0, 0, 0)
	if got := w.Add(0, 2, DeltaOf(true, false)); got != Added {
		t.Errorf("Add with the tag = %v, want Added", got)
	}
	w.want(t, 1, 1, 0)
}

func TestRetagKeepsCounts(t *testing.T) {
	w := started()
	for i := range uint(8) {
		w.Add(i, 1, DeltaOf(i%2 == 0, false))
	}
	w.Retag(2)
	if got := w.Add(0, 1, DeltaOf(true, false)); got != Stale {
		t.Errorf("Add with the old tag = %v, want Stale", got)
	}
	w.Add(0, 2, DeltaOf(true, true))
	w.want(t, 9, 5, 1)
}

func TestFullStripe(t *testing.T) {
	w := started()
	const stripe, most = 3, 1 << 15
	for i := range most {
		if got := w.Add(stripe, 1, DeltaOf(true, i%2 == 0)); got != Added {
			t.Fatalf("Add %d = %v, want Added", i, got)
		}
	}
	if got := w.Add(stripe, 1, DeltaOf(true, false)); got != Full {
		t.Errorf("Add to a full stripe = %v, want Full", got)
	}
	w.Count(DeltaOf(true, true))
	w.want(t, most+1, most+1, most/2+1)
	if got := w.Add(stripe, 1, DeltaOf(false, false)); got != Added {
		t.Errorf("Add after Count has made room = %v, want Added", got)
	}
	w.want(t, most+2, most+1, most/2+1)
}

func TestHugeCountsKeepTheirRatio(t *testing.T) {
	w := started()
	w.stripes[0].buckets[0] = bucket{calls: 1<<30 - 1, failures: 1 << 29, slow: 1 << 28}
	w.Count(DeltaOf(false, false))
	w.want(t, 1<<29, 1<<28, 1<<27)
	// No sum can exceed its range.
	for range 3 * Buckets {
		w.stripes[w.current/share].buckets[w.current%share] = bucket{calls: 1<<30 - 1}
		w.stripes[w.current/share].resum()
		w.Roll(w.end.Load(), width)
	}
	if got, want := w.Total().Calls, uint64(Buckets-1)*(1<<30-1); got != want {
		t.Errorf("%d full buckets hold %d calls, want %d", Buckets-1, got, want)
	}
}

// TestAgainstReference counts random outcomes, and compares with a list of them.
func TestAgainstReference(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	w := started()
	type outcome struct {
		bucket int64
		counts Counts
	}
	var all []outcome
	now := int64(0)
	for step := range 20_000 {
		now += random.Int63n(width / 5)
		if random.Intn(500) == 0 {
			now += random.Int63n(20 * width)
		}
		w.Roll(now, width)
		d := DeltaOf(random.Intn(2) == 0, random.Intn(3) == 0)
		if random.Intn(4) == 0 {
			w.Count(d)
		} else if got := w.Add(uint(random.Uint32()), 1, d); got != Added {
			t.Fatalf("step %d: Add = %v, want Added", step, got)
		}
		all = append(all, outcome{now / width, d.Counts()})
		for all[0].bucket <= now/width-Buckets {
			all = all[1:]
		}
		var want Counts
		for _, o := range all {
			want.Add(o.counts)
		}
		if got := w.Total(); got != want {
			t.Fatalf("step %d: Total() = %+v, want %+v", step, got, want)
		}
	}
}

// TestConcurrentAdds loses and doubles nothing while buckets pass.
func TestConcurrentAdds(t *testing.T) {
	const goroutines, each = 8, 8_000
	w := started()
	var mu sync.Mutex
	var adding, looking sync.WaitGroup
	for g := range uint(goroutines) {
		adding.Go(func() {
			for i := range each {
				d := DeltaOf(i%2 == 0, i%4 == 0)
				if w.Add(g, 1, d) != Added {
					mu.Lock()
					w.Count(d)
					mu.Unlock()
				}
			}
		})
	}
	done := make(chan struct{})
	looking.Go(func() {
		for i := int64(0); ; i++ {
			select {
			case <-done:
				return
			default:
			}
			// Nine buckets at most, so that nothing leaves.
			mu.Lock()
			w.Roll(i%9*width, width)
			c := w.Total()
			mu.Unlock()
			if c.Failures > c.Calls || c.Slow > c.Failures {
				t.Errorf("Total() = %+v, which never was", c)
				return
			}
			if c, valid := w.Sum(); valid && c.Calls > goroutines*each {
				t.Errorf("Sum() = %+v, more than there were", c)
				return
			}
		}
	})
	adding.Wait()
	close(done)
	looking.Wait()
	w.want(t, goroutines*each, goroutines*each/2, goroutines*each/4)
}

// TestLayout keeps every stripe in a cache line of its own.
func TestLayout(t *testing.T) {
	if got := unsafe.Sizeof(stripe{}); got != 64 {
		t.Errorf("a stripe takes %d bytes, want 64", got)
	}
	if got := unsafe.Sizeof(Running{}.stripes[0]); got != 64 {
		t.Errorf("a stripe of running calls takes %d bytes, want 64", got)
	}
}

func BenchmarkAdd(b *testing.B) {
	b.Run("case=serial", func(b *testing.B) {
		w := started()
		for b.Loop() {
			if w.Add(0, 1, DeltaOf(false, false)) != Added {
				w.Count(DeltaOf(false, false))
			}
		}
	})
	b.Run("case=sum", func(b *testing.B) {
		w := started()
		for b.Loop() {
			w.Sum()
		}
	})
}
