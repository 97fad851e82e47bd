package demo

import (
	"math"
	"strconv"
	"time"
)

// frame is all that a screen shows, at one moment.
type frame struct {
	now, length   time.Duration
	without, with figures
	breaker       breakerFigures
	refused       refusals // by the gateway
	gateway       string   // the URL of the gateway
	admin         string   // and of its admin listener
}

// figures are those of one side.
type figures struct {
	goodput       float64 // the share answered well and in time; NaN if none was decided
	p99           time.Duration
	failing       time.Duration // how long half of the failed requests took at most
	perSecond     float64       // requests that arrived
	amplification float64       // attempts that reached the upstream for each request; NaN without one
	course        [points]point
}

// point is a part of the course, for the sparklines. What has not been yet is
// NaN.
type point struct{ goodput, attempts float64 }

// breakerFigures is the state of the gateway's breaker.
type breakerFigures struct {
	state string // closed, half_open or open
	cause string // why it is in it; may be empty
}

// figures returns what m has counted by now.
func (m *meter) figures(now time.Duration) figures {
	m.sweep(now)
	live, span := m.live(now)
	f := figures{
		goodput: live.goodput(), p99: live.took.Quantile(0.99), failing: live.failing.Quantile(0.5),
		amplification: live.amplification(),
	}
	if span > 0 {
		f.perSecond = float64(live.arrived) / span.Seconds()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	width := m.script.length / points
	for i := range f.course {
		f.course[i] = point{math.NaN(), math.NaN()}
		if begin := time.Duration(i) * width; begin < now {
			t := &m.course[i]
			f.course[i] = point{t.goodput(), float64(t.attempts) / min(width, now-begin).Seconds()}
		}
	}
	return f
}

// percent never rounds up to 100 %.
func percent(share float64) string {
	if math.IsNaN(share) {
		return "-"
	}
	return strconv.FormatFloat(math.Floor(share*1000)/10, 'f', 1, 64) + " %"
}

// times writes how many attempts there were for each request.
func times(n float64) string {
	if math.IsNaN(n) {
		return "-"
	}
	return strconv.FormatFloat(n, 'f', 2, 64)
}

// length writes a duration with two digits that count.
func length(d time.Duration) string {
	switch {
	case d == 0:
		return "-"
	case d < 10*time.Millisecond:
		return strconv.FormatFloat(d.Seconds()*1000, 'f', 1, 64) + " ms"
	case d < time.Second:
		return strconv.FormatFloat(d.Seconds()*1000, 'f', 0, 64) + " ms"
	default:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	}
}

// clock writes a time as minutes and seconds.
func clock(d time.Duration) string {
	seconds := int(d / time.Second)
	return strconv.Itoa(seconds/60) + ":" + strconv.Itoa(seconds%60/10) + strconv.Itoa(seconds%10)
}
