package gateway

import (
	"testing"
	"time"
)

func TestHistogramBounds(t *testing.T) {
	for bucket := range bucketCount - 1 {
		top := bound(bucket)
		if got := bucketOf(top - 1); got != bucket {
			t.Errorf("just below %v is in bucket %d, want %d", top, got, bucket)
		}
		if got := bucketOf(top); got != bucket+1 {
			t.Errorf("%v is in bucket %d, want %d", top, got, bucket+1)
		}
	}
	if got := bucketOf(24 * time.Hour); got != bucketCount-1 {
		t.Errorf("a day is in bucket %d, want the last", got)
	}
	if got := bucketOf(-1); got != 0 {
		t.Errorf("a negative duration is in bucket %d, want 0", got)
	}
}

func TestQuantiles(t *testing.T) {
	var h histogram
	if got := h.quantiles(0.5, 0.99); got[0] != 0 || got[1] != 0 {
		t.Errorf("quantiles of nothing = %v, want zeros", got)
	}
	for i := range 100 {
		h.record(time.Duration(i+1) * time.Millisecond)
	}
	for i, got := range h.quantiles(0.5, 0.9, 0.99, 1) {
		exact := []time.Duration{50, 90, 99, 100}[i] * time.Millisecond
		if got < exact || got > exact*5/4 {
			t.Errorf("quantile %d = %v, want from %v to a quarter more", i, got, exact)
		}
	}
}
