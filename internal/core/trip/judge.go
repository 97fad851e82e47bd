package trip

import "github.com/backstay-go/backstay/internal/core/window"

// count takes an outcome of a closed machine.
func (m *Machine) count(d window.Delta, failed, slow bool, u float64) Change {
	rules, tag := m.rules.Load(), tagOf(m.word.Load())
	m.window.Roll(m.latest, rules.width())
	m.window.Count(d)
	streak := m.extend(tag, failed)
	if failed {
		tripped := rules.Consecutive > 0 && streak >= uint32(rules.Consecutive)
		if c := m.judge(tripped, u); c.Happened() {
			return c
		}
	}
	if slow {
		return m.judgeSlow(u)
	}
	return Change{}
}

// judge opens a closed machine if failures have broken a rule. Each rule is asked
// when something speaks against the dependency; a success opens nothing.
func (m *Machine) judge(tripped bool, u float64) Change {
	if m.latest < m.held {
		return Change{}
	}
	rules := m.rules.Load()
	if tripped {
		streak := max(uint32(m.streak.Load()), uint32(rules.Consecutive))
		return m.open(Change{Why: FailedInARow, Streak: streak}, u)
	}
	if c := m.window.Total(); rules.failing(c, rules.MinCalls) {
		return m.open(Change{Why: TooManyFailed, Counts: c}, u)
	}
	return Change{}
}

// judgeSlow opens a closed machine if slow calls have broken their rule.
func (m *Machine) judgeSlow(u float64) Change {
	if m.latest < m.held {
		return Change{}
	}
	rules, overdue := m.rules.Load(), m.overdue()
	if c := m.window.Total(); rules.slow(c, overdue, rules.MinCalls) {
		return m.open(Change{Why: TooManySlow, Counts: c, Overdue: overdue}, u)
	}
	return Change{}
}

// overdue returns how many calls have been running for too long.
func (m *Machine) overdue() uint64 {
	if m.Phase() != Timed {
		return 0
	}
	// Below zero for the moment between two counters of a call that has left.
	return uint64(max(0, m.running.Load().Overdue()))
}

// advance counts the calls that have become overdue, each as a slow call.
func (m *Machine) advance(u float64) Change {
	if !m.running.Load().Advance(m.latest, tagOf(m.word.Load())) {
		return Change{}
	}
	m.window.Roll(m.latest, m.rules.Load().width())
	return m.judgeSlow(u)
}

// probed takes the outcome of a probe. One bad one opens the machine again.
func (m *Machine) probed(d window.Delta, failed, slow bool, u float64) Change {
	o, rules := m.outage, m.rules.Load()
	o.trial.Add(d.Counts())
	if failed {
		return m.open(Change{Why: ProbeFailed, Counts: o.trial}, u)
	}
	if slow && rules.SlowRate > 0 {
		return m.open(Change{Why: ProbeSlow, Counts: o.trial}, u)
	}
	if o.passed++; o.passed < rules.Probes {
		return Change{}
	}
	if rules.Ramp == 0 {
		return m.enter(Closed, Change{Why: Recovered})
	}
	return m.ramp()
}

// ramp begins to admit calls. The generation stays: what the probes still under
// way turn up is news.
func (m *Machine) ramp() Change {
	o := m.outage
	o.leases = nil
	o.since, o.credit = m.latest, m.rules.Load().Ramp
	m.word.Store(pack(generation(m.word.Load()), Ramping))
	return Change{From: Probing, To: Ramping, Why: Recovered}
}

// ramped takes the outcome of a call on the ramp. The rules apply to the calls
// since probing began, however few: the probes that succeeded make up for a
// failure among the first, so that the usual share of failures does not keep
// the machine from closing.
func (m *Machine) ramped(d window.Delta, failed, slow bool, u float64) Change {
	o, rules := m.outage, m.rules.Load()
	o.trial.Add(d.Counts())
	if !failed {
		o.streak = 0
	} else if o.streak++; rules.Consecutive > 0 && o.streak >= uint32(rules.Consecutive) {
		return m.open(Change{Why: FailedInARow, Streak: o.streak}, u)
	}
	switch {
	case failed && rules.failing(o.trial, 0):
		return m.open(Change{Why: TooManyFailed, Counts: o.trial}, u)
	case slow && rules.slow(o.trial, 0, 0):
		return m.open(Change{Why: TooManySlow, Counts: o.trial}, u)
	default:
		return Change{}
	}
}
