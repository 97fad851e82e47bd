package waitq

import (
	"math"
	"testing"
	"time"
)

const ms = int64(time.Millisecond)

// learn returns what is known after n calls that took d each, one a millisecond.
func learn(s Service, n int, d int64) Service {
	for range n {
		s.observe(s.seen+ms, d)
	}
	return s
}

func within(t *testing.T, what string, got, want int64, share float64) {
	t.Helper()
	if math.Abs(float64(got-want)) > share*float64(want) {
		t.Errorf("%s = %v, want %v within %v %%", what, time.Duration(got), time.Duration(want), 100*share)
	}
}

func TestServiceKnowsNothingAtFirst(t *testing.T) {
	var s Service
	if got := s.typical(0); got != 0 {
		t.Errorf("typical = %d, want 0", got)
	}
	if got := s.base(0); got != 0 {
		t.Errorf("base = %d, want 0", got)
	}
}

func TestServiceFollows(t *testing.T) {
	tests := []struct {
		name     string
		from, to int64
		calls    int
	}{
		{"steady", 20 * ms, 20 * ms, 1},
		{"slower", 20 * ms, 200 * ms, 100},
		{"faster", 200 * ms, 20 * ms, 100},
		{"from nothing", 0, 200 * ms, 120},
		{"a burst of speed", 200 * ms, ms, 150},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := learn(learn(Service{}, 100, test.from), test.calls, test.to)
			within(t, "typical", s.typical(s.seen), test.to, 0.05)
		})
	}
}

func TestServiceBaseIsTheLowEnd(t *testing.T) {
	var s Service
	for i := range 1000 {
		s.observe(s.seen+ms, []int64{10 * ms, 30 * ms, 50 * ms}[i%3])
	}
	within(t, "base", s.base(s.seen), 12*ms, 0.2)
	within(t, "typical", s.typical(s.seen), 30*ms, 0.1)

	// It rises when the dependency gets slower for good, slowly.
	slow := learn(s, 20, 100*ms)
	if got := slow.base(slow.seen); got > 60*ms {
		t.Errorf("base after 20 slower calls = %v, want below 60ms", time.Duration(got))
	}
	slow = learn(s, 300, 100*ms)
	within(t, "base after 300 slower calls", slow.base(slow.seen), 100*ms, 0.05)
}

func TestServiceOutlier(t *testing.T) {
	s := learn(Service{}, 100, 20*ms)
	s.observe(s.seen+ms, int64(time.Hour))
	within(t, "typical after one call that hung", s.typical(s.seen), 20*ms, 0.2)
}

func TestServiceForgets(t *testing.T) {
	s := learn(Service{}, 100, 20*ms)
	if got := s.typical(s.seen + memory); got == 0 {
		t.Error("typical after ten seconds is unknown, want it known")
	}
	if got, low := s.typical(s.seen+memory+1), s.base(s.seen+memory+1); got != 0 || low != 0 {
		t.Errorf("typical, base after more than ten seconds = %d, %d, want 0, 0", got, low)
	}
	s.observe(s.seen+memory+1, 5*ms)
	within(t, "typical after a new start", s.typical(s.seen), 5*ms, 0)

	// Where calls take longer than that, four of them.
	long := learn(Service{}, 10, int64(time.Minute))
	if got := long.typical(long.seen + int64(3*time.Minute)); got == 0 {
		t.Error("typical after three calls' time is unknown, want it known")
	}
}

func TestServiceOddReadings(t *testing.T) {
	s := learn(Service{}, 10, 20*ms)
	before := s
	s.observe(s.seen, -1)
	if s != before {
		t.Errorf("a call of negative length changed %+v to %+v", before, s)
	}
	for range 10 {
		s.observe(math.MaxInt64, math.MaxInt64)
	}
	if s.typical(s.seen) < 0 || s.base(s.seen) < 0 {
		t.Errorf("after calls without end: %+v, want nothing below 0", s)
	}
	s = Service{}
	for range 200 {
		s.observe(1, math.MaxInt64)
	}
	if got := s.typical(1); got != longest {
		t.Errorf("typical of calls without end = %d, want %d", got, int64(longest))
	}
}
