package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/backstay-go/backstay/benchmarks"
)

func TestMedian(t *testing.T) {
	tests := []struct {
		values []float64
		want   float64
	}{
		{[]float64{3}, 3},
		{[]float64{9, 1, 2}, 2},
		{[]float64{4, 1, 2, 100}, 3},
	}
	for _, test := range tests {
		if got := median(test.values); got != test.want {
			t.Errorf("median(%v) = %v, want %v", test.values, got, test.want)
		}
	}
}

func TestVerdict(t *testing.T) {
	tests := []struct {
		name        string
		goal        benchmarks.Goal
		ours, rival figure
		want        string
	}{
		{"no goal", benchmarks.Goal{}, figure{}, figure{ratio: 9}, ""},
		{"at the goal", benchmarks.Goal{Ratio: 0.5}, figure{}, figure{ratio: 0.5}, "met"},
		{"too slow", benchmarks.Goal{Ratio: 0.5}, figure{}, figure{ratio: 0.51}, "MISSED"},
		{"fast, but allocates", benchmarks.Goal{Ratio: 0.5}, figure{allocs: 1}, figure{ratio: 0.1}, "MISSED"},
		{"may allocate", benchmarks.Goal{Ratio: 0.5, Allocs: 1}, figure{allocs: 1}, figure{ratio: 0.1}, "met"},
		{"small", benchmarks.Goal{Value: 512}, figure{value: 512}, figure{ratio: 2}, "met"},
		{"large", benchmarks.Goal{Value: 512}, figure{value: 513}, figure{ratio: 0.1}, "MISSED"},
	}
	for _, test := range tests {
		r := result{benchmarks.Row{Goal: test.goal}, []figure{test.ours, test.rival}}
		if got := r.verdict(); got != test.want {
			t.Errorf("%s: verdict %q, want %q", test.name, got, test.want)
		}
	}
}

// TestQuickRun makes the whole table once.
func TestQuickRun(t *testing.T) {
	file := filepath.Join(t.TempDir(), "RESULTS.md")
	rows := benchmarks.Rows(true)
	if err := run(rows, "", 1, time.Microsecond, file); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for _, impl := range row.Impls[1:] {
			if !strings.Contains(string(text), "| "+row.Name) || !strings.Contains(string(text), "| "+impl.Name) {
				t.Errorf("the table lacks %q against %q:\n%s", row.Name, impl.Name, text)
			}
		}
	}
	if strings.Contains(string(text), "NaN") {
		t.Errorf("the table holds a ratio that is none:\n%s", text)
	}
}
