package demo

import (
	"math"
	"testing"
	"time"
)

func TestPercentNeverRoundsUp(t *testing.T) {
	for share, want := range map[float64]string{0: "0.0 %", 0.0349: "3.4 %", 0.9999: "99.9 %", 1: "100.0 %"} {
		if got := percent(share); got != want {
			t.Errorf("percent(%v) is %q, want %q", share, got, want)
		}
	}
	if got := percent(math.NaN()); got != "-" {
		t.Errorf("an unknown share is %q, want -", got)
	}
}

func TestLength(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "-", 640 * time.Microsecond: "0.6 ms", 63 * time.Millisecond: "63 ms",
		999 * time.Millisecond: "999 ms", 1449 * time.Millisecond: "1.4 s", 12 * time.Second: "12.0 s",
	} {
		if got := length(d); got != want {
			t.Errorf("length(%v) is %q, want %q", d, got, want)
		}
	}
}

func TestClock(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0:00", 59999 * time.Millisecond: "0:59", 75 * time.Second: "1:15", time.Hour: "60:00"} {
		if got := clock(d); got != want {
			t.Errorf("clock(%v) is %q, want %q", d, got, want)
		}
	}
}
