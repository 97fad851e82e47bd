package demo

import (
	"testing"
	"time"

	"github.com/backstay-go/backstay/gateway"
)

func TestRefusalsSayWhoRefuses(t *testing.T) {
	for want, r := range map[string]refusals{
		"-":                          {0, 0.4},
		"bulkhead 27/s":              {0, 27.2},
		"breaker 70/s":               {70, 0},
		"breaker 70/s, bulkhead 3/s": {70, 3},
	} {
		if got := r.String(); got != want {
			t.Errorf("%+v reads %q, want %q", r, got, want)
		}
	}
}

func TestRecentRefusals(t *testing.T) {
	var recent recentRefusals
	var got refusals
	for second := range 10 {
		// 10 a second by the breaker until 5 s, and 30 by the bulkhead after that.
		counted := map[string]int64{"breaker": int64(10 * min(second, 5)), "bulkhead": int64(30 * max(0, second-5))}
		got = recent.at(time.Duration(second)*time.Second, gateway.RouteState{Refused: counted})
		want := refusals{}
		switch {
		case second == 0: // no time has passed
		case second <= 5:
			want = refusals{10, 0}
		case second == 6: // half of the last 2 s each
			want = refusals{5, 15}
		default:
			want = refusals{0, 30}
		}
		if got != want {
			t.Errorf("at %d s: %+v, want %+v", second, got, want)
		}
	}
	if n := len(recent.samples); n > 3 {
		t.Errorf("%d samples are kept, want those of 2 s", n)
	}
}
