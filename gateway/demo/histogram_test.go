package demo

import (
	"testing"
	"time"
)

func TestQuantileIsAtMostATwentiethTooHigh(t *testing.T) {
	for d := finest; d < time.Minute; d = d*9/7 + 1 {
		var h histogram
		h.add(d)
		if got := h.quantile(0.99); got < d-d/1000 || got > d*21/20+1 {
			t.Errorf("the only duration is %v, p99 is %v", d, got)
		}
	}
}

func TestQuantiles(t *testing.T) {
	var h histogram
	for i := range 100 {
		h.add(time.Duration(i+1) * time.Millisecond)
	}
	for _, test := range []struct {
		q    float64
		want time.Duration
	}{{0, 0}, {0.01, time.Millisecond}, {0.5, 50 * time.Millisecond}, {0.99, 99 * time.Millisecond}, {1, 100 * time.Millisecond}} {
		got := h.quantile(test.q)
		if got < test.want-test.want/1000 || got > test.want*21/20 {
			t.Errorf("quantile(%v) is %v, want %v or up to 5 %% more", test.q, got, test.want)
		}
	}
}

func TestHistogramsMerge(t *testing.T) {
	var a, b histogram
	a.add(time.Millisecond)
	b.add(time.Second)
	b.add(time.Hour) // beyond the last bucket
	b.add(-time.Second)
	a.merge(&b)
	if got := a.quantile(0.75); got < time.Second || got > 1050*time.Millisecond {
		t.Errorf("three quarters of four are within %v, want 1s", got)
	}
	if empty := new(histogram).quantile(0.99); empty != 0 {
		t.Errorf("nothing takes %v, want 0", empty)
	}
}
