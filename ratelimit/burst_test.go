package ratelimit_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay-go/backstay/internal/bubble"
	"github.com/backstay-go/backstay/ratelimit"
)

// A full burst can be taken one by one at any instant, though time stands still
// and no nanosecond divides the rate.
func TestBurstAtOneInstant(t *testing.T) {
	rates := []ratelimit.Rate{
		ratelimit.Per(3, time.Second), ratelimit.Per(7, time.Second), ratelimit.Per(30, time.Second),
		ratelimit.Per(60, time.Second), ratelimit.Per(1000, time.Hour), ratelimit.Per(11, time.Minute),
	}
	instants := []time.Duration{0, 1, 1_234_567, time.Hour + 1_234_567, 1000*time.Hour + 1}
	for _, rate := range rates {
		t.Run(rate.String(), func(t *testing.T) {
			for burst := 1; burst <= 10; burst++ {
				synctest.Test(t, func(t *testing.T) { takeBursts(t, rate, burst, instants) })
			}
		})
	}
}

func takeBursts(t *testing.T, rate ratelimit.Rate, burst int, instants []time.Duration) {
	config := ratelimit.Config{Rate: rate, Burst: burst, MaxKeys: 1}
	l, k := ratelimit.New(config), ratelimit.NewKeyed[string](config)
	token := (rate.Period + time.Duration(rate.Count) - 1) / time.Duration(rate.Count)
	for _, instant := range instants {
		bubble.Advance(time.Duration(burst)*token + instant)
		for name, allow := range map[string]func() bool{"a limiter": l.Allow, "a key": func() bool { return k.Allow("a") }} {
			n := 0
			for allow() {
				n++
			}
			if n != burst {
				t.Errorf("after %v %s of burst %d admits %d calls at once", instant, name, burst, n)
			}
		}
	}
}
