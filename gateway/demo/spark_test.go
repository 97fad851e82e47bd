package demo

import (
	"math"
	"slices"
	"testing"
)

func TestSpark(t *testing.T) {
	unknown := math.NaN()
	for _, test := range []struct {
		values []float64
		top    float64
		want   string
	}{
		{nil, 1, ""},
		{[]float64{0, 0.5, 1, unknown, 2, -1}, 1, "▁▅█ █▁"},
		{[]float64{1, unknown}, 1, "█"},
		{[]float64{0, 100, 200}, 400, "▁▃▅"},
		{[]float64{0, 1}, 0, "▁▁"},
	} {
		if got := spark(test.values, test.top, func(_ float64, text string) string { return text }); got != test.want {
			t.Errorf("spark(%v, %v) is %q, want %q", test.values, test.top, got, test.want)
		}
	}
}

func TestResample(t *testing.T) {
	unknown := math.NaN()
	for _, test := range []struct{ values, want []float64 }{
		{[]float64{1, 3, 5, 7}, []float64{2, 6}},
		{[]float64{1, 2}, []float64{1, 1, 2, 2}},
		{[]float64{1, 2, 3, 4, 5}, []float64{1.5, 4}},
		{[]float64{1, unknown, unknown, unknown}, []float64{1, unknown}},
	} {
		got := resample(test.values, len(test.want))
		if !slices.EqualFunc(got, test.want, func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }) {
			t.Errorf("resample(%v) is %v, want %v", test.values, got, test.want)
		}
	}
}

func TestPeak(t *testing.T) {
	if got := peak([]float64{math.NaN(), 1}, []float64{3, 2}); got != 3 {
		t.Errorf("the peak is %v, want 3", got)
	}
	if got := peak([]float64{math.NaN()}); got != 0 {
		t.Errorf("the peak of nothing is %v, want 0", got)
	}
}
