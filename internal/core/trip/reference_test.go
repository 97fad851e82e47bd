package trip

import (
	"math/bits"

	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/core/window"
)

// reference is what a Machine has to be, written to be obviously right: it keeps
// every outcome and every call, and counts them anew for each decision.
type reference struct {
	rules    Rules
	phase    Phase
	age      int // generation
	now      int64
	outcomes []outcome
	bucket   int   // number of the current bucket
	ends     int64 // when it does
	streak   uint32
	calls    []*call
	held     int64

	until  int64
	forced bool
	trips  int
	passed int32
	since  int64
	credit int64
	trial  []outcome
}

type outcome struct {
	bucket       int
	failed, slow bool
}

// call is one that was admitted.
type call struct {
	token   gate.Token
	start   int64
	age     int
	timed   bool // counted among those that run
	overdue bool // counted as overdue
	leased  bool // a probe that holds its slot
	ended   bool
}

func newReference(now int64, rules Rules) *reference {
	r := &reference{rules: rules, now: now}
	r.enter(Closed, Change{})
	return r
}

func (r *reference) enter(to Phase, c Change) Change {
	if to == Closed && r.rules.SlowCall > 0 {
		to = Timed
	}
	c.From, c.To = r.phase, to
	r.phase = to
	r.age++
	r.outcomes, r.trial, r.streak, r.held, r.passed, r.forced = nil, nil, 0, 0, 0, false
	r.ends = r.now + r.width()
	r.calls = nil
	if to <= Timed {
		r.trips = 0
	}
	return c
}

func (r *reference) width() int64 { return max(1, r.rules.Window/window.Buckets) }

func (r *reference) open(c Change, u float64) Change {
	hold := r.rules.Cooldown
	for range r.trips {
		hold = min(2*hold, r.rules.MaxCooldown)
	}
	c.Hold = hold - int64(u*float64(hold)/5)
	r.trips++
	trips := r.trips
	c = r.enter(Open, c)
	r.trips, r.until = trips, r.now+c.Hold
	return c
}

func (r *reference) tick(now int64, u float64) Change {
	if c := r.pass(now); c.Happened() {
		return c
	}
	if r.phase == Timed && r.moreOverdue() && r.now >= r.held {
		return r.judgeSlow(u)
	}
	return Change{}
}

func (r *reference) pass(now int64) Change {
	r.now = max(r.now, now)
	switch {
	case r.phase == Open && r.now >= r.until:
		trips := r.trips
		c := r.enter(Probing, Change{Why: CooledDown})
		r.trips = trips
		return c
	case r.phase == Ramping && r.now >= r.since+r.rules.Ramp:
		return r.enter(Closed, Change{Why: Recovered})
	}
	return Change{}
}

// moreOverdue finds the calls that have become overdue. Calls are overdue with
// the last one that began in their turn.
func (r *reference) moreOverdue() (more bool) {
	shift := bits.Len64(uint64((r.rules.SlowCall - 1) / 6))
	last := map[int64]int64{}
	for _, c := range r.calls {
		if c.timed {
			turn := c.start >> shift
			last[turn] = max(last[turn], c.start)
		}
	}
	for _, c := range r.calls {
		if c.timed && !c.ended && !c.overdue && last[c.start>>shift]+r.rules.SlowCall <= r.now {
			c.overdue, more = true, true
		}
	}
	return more
}

func (r *reference) overdue() (n uint64) {
	for _, c := range r.calls {
		if c.overdue && !c.ended {
			n++
		}
	}
	return n
}

func sum(outcomes []outcome, oldest int) (c window.Counts) {
	for _, o := range outcomes {
		if o.bucket >= oldest {
			c.Add(window.DeltaOf(o.failed, o.slow).Counts())
		}
	}
	return c
}

// total rolls the window to now and counts what is in it.
func (r *reference) total(now int64) window.Counts {
	if now >= r.ends {
		passed := (now-r.ends)/r.width() + 1
		r.bucket += int(passed)
		r.ends += passed * r.width()
	}
	return sum(r.outcomes, r.bucket-window.Buckets+1)
}

func (r *reference) admit(now int64) (*call, bool) {
	c := &call{start: now, age: r.age, timed: r.phase == Timed}
	switch r.phase {
	case Closed, Timed:
	case Probing:
		if int32(r.probes())+r.passed >= r.rules.Probes {
			return nil, false
		}
		c.leased = true
	case Ramping:
		r.credit += min(now-r.since, r.rules.Ramp)
		if r.credit < r.rules.Ramp {
			return nil, false
		}
		r.credit -= r.rules.Ramp
	default:
		return nil, false
	}
	r.calls = append(r.calls, c)
	return c, true
}

// probes ends the leases that have lasted too long, and counts the others.
func (r *reference) probes() (n int) {
	for _, c := range r.calls {
		c.leased = c.leased && r.now-c.start < r.rules.ProbeTimeout
		if c.leased {
			n++
		}
	}
	return n
}

func (r *reference) forceOpen(until int64) Change {
	c := Change{Why: Ordered}
	if until != Forever {
		c.Hold = until - r.now
	}
	if r.phase != Open {
		trips := r.trips
		c = r.enter(Open, c)
		r.trips = trips
	}
	r.until, r.forced = until, true
	return c
}

func (r *reference) forceClosed(until int64) Change {
	c := Change{Why: Ordered}
	if r.phase > Timed {
		c = r.enter(Closed, c)
	}
	r.held = until
	return c
}

func (r *reference) update(rules Rules) {
	r.total(r.now)
	timing := r.rules.SlowCall != rules.SlowCall
	r.rules = rules
	if r.phase == Open && !r.forced {
		r.until = min(r.until, r.now+rules.MaxCooldown)
	}
	if r.phase == Probing {
		r.passed = min(r.passed, rules.Probes-1)
	}
	if r.phase <= Timed && timing {
		r.age++
		r.calls = nil
		r.phase = Closed
		if rules.SlowCall > 0 {
			r.phase = Timed
		}
	}
}
