package trip

import "github.com/backstay-go/backstay/gate"

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
