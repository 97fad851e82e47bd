package demo

import (
	"strconv"
	"strings"
	"time"

	"github.com/backstay-go/backstay/gateway"
)

// refusals are those of the gateway, by the policy that refused.
type refusals struct{ breaker, bulkhead float64 }

// String says who refuses how many a second, or -.
func (r refusals) String() string {
	var parts []string
	for _, each := range []struct {
		name      string
		perSecond float64
	}{{"breaker", r.breaker}, {"bulkhead", r.bulkhead}} {
		if n := strconv.FormatFloat(each.perSecond, 'f', 0, 64); n != "0" {
			parts = append(parts, each.name+" "+n+"/s")
		}
	}
	if parts == nil {
		return "-"
	}
	return strings.Join(parts, ", ")
}

// recentRefusals makes what the gateway has refused per second, in the last 2 s,
// of what it has refused since the beginning.
type recentRefusals struct{ samples []refusalSample } // oldest first

type refusalSample struct {
	at    time.Duration
	total refusals
}

// at adds what the gateway has counted by now, which only grows.
func (r *recentRefusals) at(now time.Duration, route gateway.RouteState) refusals {
	total := refusals{float64(route.Refused["breaker"]), float64(route.Refused["bulkhead"])}
	r.samples = append(r.samples, refusalSample{now, total})
	for len(r.samples) > 1 && r.samples[1].at <= now-recent*span {
		r.samples = r.samples[1:]
	}
	oldest := r.samples[0]
	passed := (now - oldest.at).Seconds()
	if passed <= 0 {
		return refusals{}
	}
	return refusals{(total.breaker - oldest.total.breaker) / passed, (total.bulkhead - oldest.total.bulkhead) / passed}
}
