package demo

import (
	"math"
	"slices"
	"sync"
	"time"

	"github.com/backstay-go/backstay/internal/histogram"
)

const (
	// deadline is how long a caller waits for a good answer before it is of no
	// use any more.
	deadline = 2 * time.Second
	// The live figures are those of the last recent slots of span: 2 s.
	recent = 10
	span   = 200 * time.Millisecond
	// points is how many parts the whole demo is cut into for the sparklines.
	points = 120
)

// tally counts what happened within some span of time.
type tally struct {
	arrived  int              // requests
	attempts int              // that reached the upstream
	decided  int              // requests that were answered, or were too late
	good     int              // of those, answered well and in time
	took     histogram.Counts // how long requests took to their last answer, good or bad
	failing  histogram.Counts // how long those took that failed
}

func (t *tally) merge(other *tally) {
	t.arrived += other.arrived
	t.attempts += other.attempts
	t.decided += other.decided
	t.good += other.good
	t.took.Merge(&other.took)
	t.failing.Merge(&other.failing)
}

// goodput returns the share of requests answered well and in time, or NaN if
// nothing has been decided.
func (t *tally) goodput() float64 { return ratio(t.good, t.decided) }

// amplification returns how many attempts reached the upstream for each request,
// or NaN.
func (t *tally) amplification() float64 { return ratio(t.attempts, t.arrived) }

func ratio(a, b int) float64 {
	if b == 0 {
		return math.NaN()
	}
	return float64(a) / float64(b)
}

// meter counts what becomes of the requests of one side. Times are those since
// the beginning. It is safe for concurrent use.
type meter struct {
	script script

	mu      sync.Mutex
	ring    [recent]slot
	course  [points]tally
	perAct  []tally
	waiting []*request // undecided ones, and decided ones among them; oldest first
}

type slot struct {
	number int64
	tally
}

// request is one request under way.
type request struct {
	at      time.Duration // when it arrived
	decided bool
}

func newMeter(s script) *meter {
	return &meter{script: s, perAct: make([]tally, len(acts))}
}

// arrive notes that a request arrives.
func (m *meter) arrive(now time.Duration) *request {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := &request{at: now}
	m.waiting = append(m.waiting, r)
	m.slot(now).arrived++
	m.point(now).arrived++
	m.perAct[m.script.act(now)].arrived++
	return r
}

// attempt notes that an attempt has reached the upstream.
func (m *meter) attempt(now time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.slot(now).attempts++
	m.point(now).attempts++
	m.perAct[m.script.act(now)].attempts++
}

// finish notes that a request has its last answer.
func (m *meter) finish(r *request, now time.Duration, good bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	took := now - r.at
	m.decide(r, min(now, r.at+deadline), good && took <= deadline)
	for _, t := range []*tally{&m.slot(now).tally, &m.perAct[m.script.act(r.at)]} {
		t.took.Add(took)
		if !good {
			t.failing.Add(took)
		}
	}
}

// sweep decides the requests whose deadline has passed, so that those which hang
// show as soon as they are late, not when they end.
func (m *meter) sweep(now time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(m.waiting) > 0 {
		r := m.waiting[0]
		if !r.decided && r.at+deadline > now {
			return
		}
		m.decide(r, r.at+deadline, false)
		m.waiting[0] = nil
		m.waiting = m.waiting[1:]
	}
}

// decide requires m.mu. A request counts in the act in which it arrived, and in
// the figures of the time at which it was decided.
func (m *meter) decide(r *request, at time.Duration, good bool) {
	if r.decided {
		return
	}
	r.decided = true
	for _, t := range []*tally{&m.slot(at).tally, m.point(at), &m.perAct[m.script.act(r.at)]} {
		t.decided++
		if good {
			t.good++
		}
	}
}

// slot returns the slot of a time; one that has left the ring counts in the
// oldest place that is still to be had. Requires m.mu.
func (m *meter) slot(at time.Duration) *slot {
	number := int64(at / span)
	s := &m.ring[number%recent]
	if s.number < number {
		*s = slot{number: number}
	}
	return s
}

// point returns the part of the course a time falls in. Requires m.mu.
func (m *meter) point(at time.Duration) *tally {
	return &m.course[min(points-1, int(at*points/m.script.length))]
}

// live returns the tally of the last 2 s and how much time that is.
func (m *meter) live(now time.Duration) (tally, time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var sum tally
	newest := int64(now / span)
	for i := range m.ring {
		if n := m.ring[i].number; n <= newest && n > newest-recent {
			sum.merge(&m.ring[i].tally)
		}
	}
	return sum, min(now, now%span+(recent-1)*span)
}

// acts returns the tally of each act by now.
func (m *meter) acts(now time.Duration) []tally {
	m.sweep(now)
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.perAct)
}
