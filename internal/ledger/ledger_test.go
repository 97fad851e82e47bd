package ledger_test

import (
	"testing"

	"github.com/backstay-go/backstay/internal/ledger"
)

// verdict notes a failure instead of failing.
type verdict struct {
	testing.TB
	failed bool
}

func (v *verdict) Helper()               {}
func (v *verdict) Fatalf(string, ...any) { v.failed = true }

func TestCheck(t *testing.T) {
	type use struct{ at, n int64 }
	tests := map[string]struct {
		uses   []use
		exceed bool
	}{
		"a burst":                         {[]use{{0, 2}}, false},
		"more than a burst":               {[]use{{0, 2}, {0, 1}}, true},
		"refilled":                        {[]use{{0, 2}, {10, 1}, {20, 1}}, false},
		"a nanosecond early":              {[]use{{0, 2}, {10, 1}, {19, 1}}, true},
		"recorded out of order":           {[]use{{10, 1}, {0, 2}}, false},
		"never above the burst":           {[]use{{1000, 2}, {1000, 1}}, true},
		"given back":                      {[]use{{0, 2}, {0, -1}, {0, 1}}, false},
		"given back, never above a burst": {[]use{{0, 1}, {0, -2}, {0, 3}}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var l ledger.Ledger
			for _, u := range test.uses {
				l.Use(u.at, u.n)
			}
			v := &verdict{TB: t}
			l.Check(v, 1, 10, 2)
			if v.failed != test.exceed {
				t.Errorf("Check of %v, burst 2 and 1 each 10 ns: failed %v, want %v", test.uses, v.failed, test.exceed)
			}
		})
	}
}

func TestVoid(t *testing.T) {
	var l ledger.Ledger
	l.Use(0, 2)
	l.Use(0, 5).Void()
	l.Check(t, 1, 10, 2)
	if got := l.Total(); got != 2 {
		t.Errorf("Total = %d, want 2", got)
	}
}
