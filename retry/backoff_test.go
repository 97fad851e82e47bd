package retry_test

import (
	"math"
	"testing"
	"time"

	"github.com/backstay-go/backstay/retry"
)

const ms = time.Millisecond

func TestDelays(t *testing.T) {
	none := retry.Exponential{Jitter: retry.NoJitter}
	tests := []struct {
		name    string
		backoff retry.Backoff
		attempt int
		prev    time.Duration
		u       float64
		want    time.Duration
	}{
		{"default, first", none, 1, 0, 0, 100 * ms},
		{"default, second", none, 2, 0, 0, 200 * ms},
		{"default, seventh", none, 7, 0, 0, 6400 * ms},
		{"default, eighth is capped", none, 8, 0, 0, 10 * time.Second},
		{"huge attempt", none, math.MaxInt, 0, 0, 10 * time.Second},
		{"full jitter, low", retry.Exponential{}, 2, 0, 0, 0},
		{"full jitter, middle", retry.Exponential{}, 2, 0, 0.5, 100 * ms},
		{"equal jitter, low", retry.Exponential{Jitter: retry.EqualJitter}, 2, 0, 0, 100 * ms},
		{"equal jitter, middle", retry.Exponential{Jitter: retry.EqualJitter}, 2, 0, 0.5, 150 * ms},
		{"base above the default cap", retry.Exponential{Base: time.Minute, Jitter: retry.NoJitter}, 3, 0, 0, time.Minute},
		{"factor", retry.Exponential{Factor: 3, Jitter: retry.NoJitter}, 3, 0, 0, 900 * ms},
		{"longest cap", retry.Exponential{Max: math.MaxInt64, Jitter: retry.NoJitter}, 999, 0, 0, 1 << 61},
		{"constant", retry.Constant{Wait: time.Second, Jitter: retry.NoJitter}, 9, 0, 0.1, time.Second},
		{"constant, full jitter", retry.Constant{Wait: time.Second}, 9, 0, 0.25, 250 * ms},
		{"decorrelated, first, low", retry.Decorrelated{}, 1, 0, 0, 100 * ms},
		{"decorrelated, first, high", retry.Decorrelated{}, 1, 0, 0.999, 100 * ms},
		{"decorrelated, later", retry.Decorrelated{}, 2, 200 * ms, 0.5, 350 * ms},
		{"decorrelated, capped", retry.Decorrelated{}, 9, time.Hour, 0.5, 10 * time.Second},
	}
	for _, test := range tests {
		if got := test.backoff.Delay(test.attempt, test.prev, test.u); got != test.want {
			t.Errorf("%s: Delay(%d, %v, %v) = %v, want %v", test.name, test.attempt, test.prev, test.u, got, test.want)
		}
	}
}

// The delays named in the documentation are the delays.
func TestDefaultsAsDocumented(t *testing.T) {
	if retry.DefaultMaxAttempts != 3 || retry.DefaultBase != 100*ms || retry.DefaultMax != 10*time.Second || retry.DefaultFactor != 2 ||
		retry.DefaultRatio != 0.2 || retry.DefaultWindow != 10*time.Second {
		t.Error("a default differs from its documentation: change both")
	}
}

func FuzzDelay(f *testing.F) {
	f.Add(int64(0), int64(0), 0.0, uint8(0), 1, int64(0), 0.5)
	f.Add(int64(1), int64(math.MaxInt64), 1000.0, uint8(2), math.MaxInt, int64(math.MaxInt64), 0.999)
	f.Fuzz(func(t *testing.T, base, limit int64, factor float64, jitter uint8, attempt int, prev int64, u float64) {
		if attempt < 1 || prev < 0 || !(u >= 0 && u < 1) {
			t.Skip()
		}
		backoffs := []retry.Backoff{
			retry.Exponential{Base: time.Duration(base), Max: time.Duration(limit), Factor: factor, Jitter: retry.Jitter(jitter)},
			retry.Decorrelated{Base: time.Duration(base), Max: time.Duration(limit)},
			retry.Constant{Wait: time.Duration(base), Jitter: retry.Jitter(jitter)},
		}
		for _, b := range backoffs {
			if (&retry.Policy{Backoff: b}).Validate() != nil {
				continue
			}
			most := max(time.Duration(limit), time.Duration(base))
			if limit == 0 {
				most = max(retry.DefaultMax, time.Duration(base))
			}
			if got := b.Delay(attempt, time.Duration(prev), u); got < 0 || got > most {
				t.Errorf("%+v: Delay(%d, %d, %v) = %v, want from 0 to %v", b, attempt, prev, u, got, most)
			}
		}
	})
}
