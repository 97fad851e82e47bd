package histogram

import (
	"sync"
	"testing"
	"time"
)

func TestBounds(t *testing.T) {
	for bucket := range buckets - 1 {
		top := bound(bucket)
		if got := bucketOf(top - 1); got != bucket {
			t.Errorf("just below %v is in bucket %d, want %d", top, got, bucket)
		}
		if got := bucketOf(top); got != bucket+1 {
			t.Errorf("%v is in bucket %d, want %d", top, got, bucket+1)
		}
	}
	if got := bucketOf(24 * time.Hour); got != buckets-1 {
		t.Errorf("a day is in bucket %d, want the last", got)
	}
	if got := bucketOf(-1); got != 0 {
		t.Errorf("a negative duration is in bucket %d, want 0", got)
	}
}

func TestQuantile(t *testing.T) {
	var c Counts
	if got := c.Quantile(0.99); got != 0 {
		t.Errorf("a quantile of nothing is %v, want 0", got)
	}
	for i := range 100 {
		c.Add(time.Duration(i+1) * time.Millisecond)
	}
	for q, exact := range map[float64]time.Duration{0.01: 1, 0.5: 50, 0.9: 90, 0.99: 99, 1: 100} {
		exact *= time.Millisecond
		if got := c.Quantile(q); got < exact || got > exact*17/16+unit {
			t.Errorf("Quantile(%v) = %v, want from %v to a sixteenth more", q, got, exact)
		}
	}
	if got := c.Quantile(0); got != 0 {
		t.Errorf("Quantile(0) = %v, want 0", got)
	}
}

func TestMerge(t *testing.T) {
	var a, b Counts
	a.Add(time.Millisecond)
	b.Add(time.Second)
	b.Add(time.Hour) // beyond the last bucket
	b.Add(-time.Second)
	a.Merge(&b)
	if got := a.Quantile(0.75); got < time.Second || got > time.Second*17/16 {
		t.Errorf("three quarters of four are within %v, want 1s", got)
	}
	if got := a.Quantile(1); got < 4*time.Minute {
		t.Errorf("all of four are within %v, want the last bucket", got)
	}
}

func TestShared(t *testing.T) {
	var s Shared
	var adders sync.WaitGroup
	for range 8 {
		adders.Go(func() {
			for range 1000 {
				s.Add(time.Millisecond)
			}
		})
	}
	adders.Wait()
	c := s.Counts()
	if got := c[bucketOf(time.Millisecond)]; got != 8000 {
		t.Errorf("8 adders of 1000 durations count %d", got)
	}
}

func FuzzBucket(f *testing.F) {
	f.Add(int64(0))
	f.Add(int64(1<<63 - 1))
	f.Add(int64(-1 << 63))
	f.Fuzz(func(t *testing.T, d int64) {
		bucket := bucketOf(time.Duration(d))
		if bucket < 0 || bucket >= buckets {
			t.Fatalf("%d is in bucket %d", d, bucket)
		}
		if bucket < buckets-1 && time.Duration(d) >= bound(bucket) {
			t.Errorf("%d is in bucket %d, which ends at %d", d, bucket, bound(bucket))
		}
	})
}
