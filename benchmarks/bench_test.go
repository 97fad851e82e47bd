package benchmarks

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

func BenchmarkRows(b *testing.B) {
	for _, row := range Rows(false) {
		for _, impl := range row.Impls {
			name := fmt.Sprintf("%s/callers=%d/impl=%s", strings.ReplaceAll(row.Name, "/", "_"), row.Callers, strings.ReplaceAll(impl.Name, "/", "_"))
			b.Run(name, func(b *testing.B) {
				if impl.Measure != nil {
					b.ReportMetric(impl.Measure(), row.Unit)
					return
				}
				defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(Cores))
				row.Run(b, impl.New())
			})
		}
	}
}

func TestEveryCallEndsAsItShould(t *testing.T) {
	for _, row := range Rows(true) {
		for _, impl := range row.Impls {
			t.Run(row.Name+"/"+impl.Name, func(t *testing.T) {
				if impl.Measure != nil {
					if got := impl.Measure(); got <= 0 {
						t.Errorf("measured %v %s, want a figure above 0", got, row.Unit)
					}
					return
				}
				call := impl.New()
				for i := range uint64(100) {
					call(i)
				}
			})
		}
	}
}

func TestRowsAreComplete(t *testing.T) {
	for _, row := range Rows(true) {
		if len(row.Impls) < 2 || row.Impls[0].Name != ours {
			t.Errorf("row %q does not begin with %s and a rival", row.Name, ours)
		}
		if row.Callers < 1 || (row.Unit == "") != (row.Impls[0].Measure == nil) {
			t.Errorf("row %q: %d callers, unit %q", row.Name, row.Callers, row.Unit)
		}
	}
}
