package demo

import (
	"math"
	"testing"
	"time"
)

func TestMeterCountsWhatHappens(t *testing.T) {
	m := newMeter(script{10 * time.Second})
	fast, failed := m.arrive(0), m.arrive(0)
	for range 3 {
		m.attempt(5 * time.Millisecond)
	}
	m.finish(fast, 10*time.Millisecond, true)
	m.finish(failed, 20*time.Millisecond, false)
	live, span := m.live(100 * time.Millisecond)
	if live.goodput() != 0.5 || live.amplification() != 1.5 || live.arrived != 2 {
		t.Errorf("goodput %v, amplification %v, %d arrived: want 0.5, 1.5, 2", live.goodput(), live.amplification(), live.arrived)
	}
	if got := live.failing.Quantile(1); got < 20*time.Millisecond || live.failing.Quantile(0.01) != got {
		t.Errorf("the only failure took %v, want 20ms", got)
	}
	if span != 100*time.Millisecond {
		t.Errorf("the figures are of %v, want the 100ms that there were", span)
	}
}

func TestLateAnswersAreNotGood(t *testing.T) {
	m := newMeter(script{10 * time.Second})
	m.finish(m.arrive(0), deadline, true)
	m.finish(m.arrive(0), deadline+1, true)
	live, _ := m.live(deadline)
	if live.good != 1 || live.decided != 2 {
		t.Errorf("%d of %d are good, want 1 of 2", live.good, live.decided)
	}
}

func TestHangingRequestsShowWhenTheyAreLate(t *testing.T) {
	m := newMeter(script{10 * time.Second})
	r := m.arrive(0)
	m.sweep(deadline - 1)
	if live, _ := m.live(deadline); live.decided != 0 {
		t.Errorf("decided before the deadline")
	}
	m.sweep(deadline)
	live, _ := m.live(deadline)
	if live.decided != 1 || live.good != 0 {
		t.Errorf("%d of %d are good, want 0 of 1 at the deadline", live.good, live.decided)
	}
	m.finish(r, 4*time.Second, true)
	live, _ = m.live(4 * time.Second)
	if live.decided != 0 {
		t.Error("a request was decided twice")
	}
	if got := live.took.Quantile(1); got < 4*time.Second {
		t.Errorf("its last answer came after %v, want 4s", got)
	}
}

func TestLiveFiguresForget(t *testing.T) {
	m := newMeter(script{time.Minute})
	m.finish(m.arrive(0), time.Millisecond, true)
	m.finish(m.arrive(time.Second), time.Second, true)
	for _, test := range []struct {
		now  time.Duration
		want int
	}{{time.Second, 2}, {1900 * time.Millisecond, 2}, {2 * time.Second, 1}, {2900 * time.Millisecond, 1}, {3 * time.Second, 0}, {30 * time.Second, 0}} {
		if live, _ := m.live(test.now); live.good != test.want {
			t.Errorf("at %v: %d requests, want %d", test.now, live.good, test.want)
		}
	}
	if live, span := m.live(30 * time.Second); !math.IsNaN(live.goodput()) || !math.IsNaN(live.amplification()) || span < 1800*time.Millisecond {
		t.Errorf("with nothing to count: goodput %v, amplification %v of %v", live.goodput(), live.amplification(), span)
	}
}

func TestRequestsCountInTheActTheyArrivedIn(t *testing.T) {
	m := newMeter(script{10 * time.Second}) // healthy until 1 s, errors until 2.5 s
	m.finish(m.arrive(990*time.Millisecond), 1100*time.Millisecond, true)
	m.attempt(1100 * time.Millisecond)
	got := m.acts(2 * time.Second)
	if got[0].good != 1 || got[1].decided != 0 {
		t.Errorf("%d good in the act of its arrival and %d in the next, want 1 and 0", got[0].good, got[1].decided)
	}
	if got[0].attempts != 0 || got[1].attempts != 1 {
		t.Errorf("attempts %d and %d, want them where they reached the upstream: 0 and 1", got[0].attempts, got[1].attempts)
	}
}

func TestCourseIsKnownUpToNow(t *testing.T) {
	m := newMeter(script{120 * time.Second}) // a point a second
	m.finish(m.arrive(0), time.Millisecond, true)
	m.attempt(0)
	f := m.figures(1500 * time.Millisecond)
	if f.course[0] != (point{1, 1}) {
		t.Errorf("first point %+v, want all good and one attempt a second", f.course[0])
	}
	if p := f.course[1]; !math.IsNaN(p.goodput) || p.attempts != 0 {
		t.Errorf("point without a request %+v, want an unknown goodput and no attempts", p)
	}
	if p := f.course[2]; !math.IsNaN(p.goodput) || !math.IsNaN(p.attempts) {
		t.Errorf("point of the future %+v, want nothing known", p)
	}
}
