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

// count notes how a call ended, and returns what speaks against the dependency.
func (r *reference) count(now int64, c *call, how gate.Outcome) (failed, slow bool) {
	if c.age != r.age {
		return false, false
	}
	c.ended, c.leased = true, false
	if how == gate.Ignored {
		return false, false
	}
	failed = how == gate.Failure
	// A closed machine that times nothing does not know how long a call took.
	timed := c.timed || r.phase > Timed
	slow = timed && r.rules.SlowCall > 0 && now-c.start >= r.rules.SlowCall
	if r.phase <= Timed {
		r.total(now)
		r.outcomes = append(r.outcomes, outcome{r.bucket, failed, slow})
		if r.rules.Consecutive > 0 || !failed {
			r.streak = extended(r.streak, failed)
		}
		return failed, slow
	}
	r.trial = append(r.trial, outcome{r.bucket, failed, slow})
	if r.phase == Ramping {
		r.streak = extended(r.streak, failed)
	} else if !failed && !(slow && r.rules.SlowRate > 0) {
		r.passed++
	}
	return failed, slow
}

func extended(streak uint32, failed bool) uint32 {
	if failed {
		return streak + 1
	}
	return 0
}

// exceeds decides by exact fractions.
func exceeds(part, whole uint64, share uint32) bool {
	return share > 0 && whole > 0 && part*Whole >= whole*uint64(share)
}

func (r *reference) judgeSlow(u float64) Change {
	c, overdue := r.total(r.now), r.overdue()
	if c.Calls+overdue >= uint64(r.rules.MinCalls) && exceeds(c.Slow+overdue, c.Calls+overdue, r.rules.SlowRate) {
		return r.open(Change{Why: TooManySlow, Counts: c, Overdue: overdue}, u)
	}
	return Change{}
}

func (r *reference) inARow() bool {
	return r.rules.Consecutive > 0 && r.streak >= uint32(r.rules.Consecutive)
}

// judge decides what follows from an outcome that was counted.
func (r *reference) judge(c *call, failed, slow bool, u float64) Change {
	if c.age != r.age || !c.ended {
		return Change{}
	}
	trial := sum(r.trial, 0)
	switch r.phase {
	case Closed, Timed:
		if r.now < r.held {
			return Change{}
		}
		total := r.total(r.now)
		switch {
		case failed && r.inARow():
			return r.open(Change{Why: FailedInARow, Streak: r.streak}, u)
		case failed && total.Calls >= uint64(r.rules.MinCalls) && exceeds(total.Failures, total.Calls, r.rules.FailureRate):
			return r.open(Change{Why: TooManyFailed, Counts: total}, u)
		case slow:
			return r.judgeSlow(u)
		}
	case Probing:
		switch {
		case failed:
			return r.open(Change{Why: ProbeFailed, Counts: trial}, u)
		case slow && r.rules.SlowRate > 0:
			return r.open(Change{Why: ProbeSlow, Counts: trial}, u)
		case r.passed >= r.rules.Probes && r.rules.Ramp == 0:
			return r.enter(Closed, Change{Why: Recovered})
		case r.passed >= r.rules.Probes:
			r.phase, r.since, r.credit = Ramping, r.now, r.rules.Ramp
			return Change{From: Probing, To: Ramping, Why: Recovered}
		}
	case Ramping:
		switch {
		case failed && r.inARow():
			return r.open(Change{Why: FailedInARow, Streak: r.streak}, u)
		case failed && exceeds(trial.Failures, trial.Calls, r.rules.FailureRate):
			return r.open(Change{Why: TooManyFailed, Counts: trial}, u)
		case slow && exceeds(trial.Slow, trial.Calls, r.rules.SlowRate):
			return r.open(Change{Why: TooManySlow, Counts: trial}, u)
		}
	}
	return Change{}
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
