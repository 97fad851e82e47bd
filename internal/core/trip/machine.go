// Package trip is the state machine of a circuit breaker: it decides which
// calls are admitted, and when to open, to probe and to close. It reads no
// clock and holds no lock; the time and randomness are arguments.
package trip

import (
	"math"
	"time"

	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/core/window"
)

// Forever is a time that does not come.
const Forever = math.MaxInt64

// A Machine is the state of one breaker. It is not safe for concurrent use.
type Machine struct {
	rules      *Rules
	phase      Phase
	generation uint64 // grows with every change of state; calls of an older one decide nothing
	window     window.Window
	streak     int64

	forcedUntil int64   // closed: no rule opens the machine before
	until       int64   // open: when the cooldown ends
	trips       int     // openings since the machine was last closed
	leases      []int64 // half-open: when the probes under way began
	passed      int     // half-open: probes that succeeded
	rampFrom    int64   // ramping: since when
	credit      int64   // ramping: what the calls refused so far add up to
	trial       window.Counts
}

// New returns a closed machine.
func New(now int64, rules *Rules) *Machine {
	m := &Machine{rules: rules, generation: 1}
	m.window.Start(now, rules.Window)
	return m
}

// Phase returns what the machine does with calls, as of the last call of
// another method.
func (m *Machine) Phase() Phase { return m.phase }

// Until returns when the open machine admits the first probe, or the ramping
// machine every call.
func (m *Machine) Until() int64 {
	if m.phase == Ramping {
		return m.rampFrom + m.rules.Ramp
	}
	return m.until
}

// Counts returns what the closed machine decides by.
func (m *Machine) Counts(now int64) window.Counts { return m.window.Total(now) }

// Tick makes the changes that the passing of time brings.
func (m *Machine) Tick(now int64) Change {
	switch {
	case m.phase == Open && now >= m.until:
		return m.enter(now, Probing, Change{Why: CooledDown})
	case m.phase == Ramping && now >= m.rampFrom+m.rules.Ramp:
		return m.enter(now, Closed, Change{Why: Recovered})
	default:
		return Change{}
	}
}

// Admit decides whether a call may run. Requires that [Machine.Tick] has seen
// now.
func (m *Machine) Admit(now int64) (gate.Token, bool) {
	token := gate.Token{Start: 0, Generation: m.generation}
	token.Start = duration(now)
	switch m.phase {
	case Closed:
		return token, true
	case Probing:
		return token, m.lease(now, m.rules.Probes-m.passed)
	case Ramping:
		return token, m.lease(now, m.rules.Probes) || m.share(now)
	default:
		return gate.Token{}, false
	}
}

// lease takes one of n slots for a probe, if one is free or has expired.
func (m *Machine) lease(now int64, n int) bool {
	for len(m.leases) > 0 && now-m.leases[0] >= m.rules.ProbeTimeout {
		m.leases = m.leases[1:]
	}
	if len(m.leases) >= n {
		return false
	}
	m.leases = append(m.leases, now)
	return true
}

// share admits calls so that their part of all calls is the part of the ramp
// that has passed, evenly spaced.
func (m *Machine) share(now int64) bool {
	m.credit += min(max(now-m.rampFrom, 0), m.rules.Ramp)
	if m.credit < m.rules.Ramp {
		return false
	}
	m.credit -= m.rules.Ramp
	return true
}

// Release takes the outcome of a call that was admitted with token. The number
// u in [0, 1) shortens the cooldown that may follow.
func (m *Machine) Release(now int64, token gate.Token, outcome gate.Outcome, u float64) Change {
	if token.Generation != m.generation {
		return Change{}
	}
	if m.phase != Closed {
		m.free(int64(token.Start))
	}
	if outcome == gate.Ignored {
		return Change{}
	}
	c := window.Counts{Calls: 1}
	if outcome == gate.Failure {
		c.Failures = 1
	}
	if m.rules.SlowCall > 0 && now-int64(token.Start) >= m.rules.SlowCall {
		c.Slow = 1
	}
	switch m.phase {
	case Closed:
		return m.count(now, c, u)
	case Probing:
		return m.probed(now, c, u)
	default:
		return m.ramped(now, c, u)
	}
}

// free gives back the slot of the probe that began at start, unless its lease
// has expired.
func (m *Machine) free(start int64) {
	for i, begun := range m.leases {
		if begun == start {
			m.leases = append(m.leases[:i], m.leases[i+1:]...)
			return
		}
	}
}

func (m *Machine) count(now int64, c window.Counts, u float64) Change {
	m.window.Add(now, c)
	if c.Failures == 0 {
		m.streak = 0
		if c.Slow == 0 {
			return Change{}
		}
	} else {
		m.streak++
	}
	if now < m.forcedUntil {
		return Change{}
	}
	if m.rules.Consecutive > 0 && m.streak >= m.rules.Consecutive {
		return m.open(now, Change{Why: FailedInARow, Streak: m.streak}, u)
	}
	total := m.window.Total(now)
	if why := m.rules.broken(total); why != NoCause && total.Calls >= uint64(m.rules.MinCalls) {
		return m.open(now, Change{Why: why, Counts: total}, u)
	}
	return Change{}
}

func (m *Machine) probed(now int64, c window.Counts, u float64) Change {
	m.trial.Add(c)
	switch {
	case c.Failures > 0:
		return m.open(now, Change{Why: ProbeFailed, Counts: m.trial}, u)
	case c.Slow > 0 && m.rules.SlowRate > 0:
		return m.open(now, Change{Why: ProbeSlow, Counts: m.trial}, u)
	}
	if m.passed++; m.passed < m.rules.Probes {
		return Change{}
	}
	if m.rules.Ramp == 0 {
		return m.enter(now, Closed, Change{Why: Recovered})
	}
	m.phase, m.rampFrom, m.credit = Ramping, now, 0
	return Change{}
}

func (m *Machine) ramped(now int64, c window.Counts, u float64) Change {
	m.trial.Add(c)
	if c.Failures+c.Slow == 0 {
		return Change{}
	}
	if why := m.rules.broken(m.trial); why != NoCause {
		return m.open(now, Change{Why: why, Counts: m.trial}, u)
	}
	return Change{}
}

// open begins a cooldown, twice as long as the last one if no call has
// succeeded in between.
func (m *Machine) open(now int64, c Change, u float64) Change {
	cooldown := m.rules.Cooldown
	for range m.trips {
		if cooldown >= m.rules.MaxCooldown/2 {
			cooldown = m.rules.MaxCooldown
			break
		}
		cooldown *= 2
	}
	// Breakers that opened together must not probe together.
	cooldown -= int64(u * float64(cooldown) / 5)
	m.trips++
	m.until = now + cooldown
	c.Hold = cooldown
	return m.enter(now, Open, c)
}

func (m *Machine) enter(now int64, to Phase, c Change) Change {
	c.From, c.To = m.phase, to
	m.phase = to
	m.generation++
	m.leases, m.passed, m.trial, m.forcedUntil = nil, 0, window.Counts{}, 0
	if to == Closed {
		m.trips, m.streak = 0, 0
		m.window.Start(now, m.rules.Window)
	}
	return c
}

// ForceOpen opens the machine until the given time.
func (m *Machine) ForceOpen(now, until int64) Change {
	m.until = until
	if m.phase == Open {
		return Change{}
	}
	c := Change{Why: Forced}
	if until != Forever {
		c.Hold = until - now
	}
	return m.enter(now, Open, c)
}

// ForceClosed closes the machine, and keeps it closed until the given time.
func (m *Machine) ForceClosed(now, until int64) Change {
	var c Change
	if m.phase != Closed {
		c = m.enter(now, Closed, Change{Why: Forced})
	}
	m.forcedUntil = until
	return c
}

// Reset closes the machine and forgets what it has counted.
func (m *Machine) Reset(now int64) Change {
	return m.enter(now, Closed, Change{Why: Forced})
}

// Update changes the rules and keeps the state.
func (m *Machine) Update(now int64, rules *Rules) {
	m.rules = rules
	m.window.Resize(rules.Window)
	if m.phase == Open && m.until != Forever {
		m.until = min(m.until, now+rules.MaxCooldown)
	}
}

func duration(ns int64) time.Duration { return time.Duration(ns) }
