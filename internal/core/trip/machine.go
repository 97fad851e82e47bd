// Package trip is the state machine of a circuit breaker. It decides which calls
// run, and when to open, to probe and to close. It holds no lock and reads no
// clock: the time, in nanoseconds since an epoch of the caller's, and
// randomness are arguments.
//
// A caller alone uses [Machine.Tick] and [Machine.Admit], then [Machine.Pass] and
// [Machine.Release]. Concurrent callers hold a lock for these, and first try what
// needs none: [Machine.AdmitUntimed], [Machine.TryAdmit] and [Machine.TryRelease]
// decide nearly every call of a closed machine.
package trip

import (
	"math"
	"sync/atomic"

	"github.com/backstay-go/backstay/internal/core/window"
)

// Forever is a time that does not come.
const Forever = math.MaxInt64

// A Machine is the state of one breaker. [Machine.Start] makes it ready.
//
// Whatever is decided belongs to a generation, which ends with every change of
// the state. The words that calls are counted in carry it too, so an outcome
// that arrives late, by whatever delay, decides nothing.
type Machine struct {
	window  window.Window                  // first, to be aligned to cache lines
	word    atomic.Uint64                  // generation and phase
	streak  atomic.Uint64                  // generation, and failures in a row
	rules   atomic.Pointer[Rules]          // never nil
	running atomic.Pointer[window.Running] // nil unless calls are timed

	// The owner's lock guards these.
	latest int64   // the latest reading of the clock so far
	held   int64   // no rule opens a closed machine before
	outage *outage // nil while the machine is closed
}

// outage is what a machine keeps from opening until it is closed again.
type outage struct {
	until  int64         // open: when probing begins
	forced bool          // open: by order, not by a rule
	trips  int           // times the machine has opened by its rules
	leases []int64       // probing: when the probes under way began
	passed int32         // probing: how many probes succeeded
	since  int64         // ramping: when it began
	credit int64         // ramping: what the calls so far are owed
	trial  window.Counts // probing and ramping: how the calls ended
	streak uint32        // ramping: failures in a row
}

const (
	phaseBits = 3
	phaseMask = 1<<phaseBits - 1
	tagMask   = 1<<16 - 1
)

func phaseOf(word uint64) Phase       { return Phase(word & phaseMask) }
func generation(word uint64) uint64   { return word >> phaseBits }
func tagOf(word uint64) uint16        { return uint16(generation(word) & tagMask) }
func pack(gen uint64, p Phase) uint64 { return gen<<phaseBits | uint64(p) }

// Start makes a machine that is closed.
func (m *Machine) Start(now int64, rules *Rules) {
	m.rules.Store(rules)
	m.latest = now
	m.enter(Closed, Change{})
}

// Phase returns what the machine does with calls, as of the last change.
func (m *Machine) Phase() Phase { return phaseOf(m.word.Load()) }

// Tick brings the machine up to the time now, and must come before every other
// method that needs the lock: for these it is now. A late reading of the clock
// is as good as the latest so far. The number u in [0, 1) shortens a cooldown
// that may begin.
func (m *Machine) Tick(now int64, u float64) Change {
	if c := m.Pass(now); c.Happened() || m.Phase() != Timed {
		return c
	}
	return m.advance(u)
}

// Pass is Tick without a look at the calls that still run. It comes before
// [Machine.Settle] and [Machine.Release], whose call is among them.
func (m *Machine) Pass(now int64) Change {
	m.latest = max(m.latest, now)
	switch phase := m.Phase(); {
	case phase == Open && m.latest >= m.outage.until:
		return m.enter(Probing, Change{Why: CooledDown})
	case phase == Ramping && m.latest >= m.outage.since+m.rules.Load().Ramp:
		return m.enter(Closed, Change{Why: Recovered})
	default:
		return Change{}
	}
}

// enter begins a new generation in phase to.
func (m *Machine) enter(to Phase, c Change) Change {
	word, rules := m.word.Load(), m.rules.Load()
	if to == Closed && rules.SlowCall > 0 {
		to = Timed
	}
	c.From, c.To = phaseOf(word), to
	next := pack(generation(word)+1, to)

	// Counters go first: an outcome of the new generation finds them ready, one
	// of the old finds them gone.
	m.window.Start(m.latest, rules.width(), tagOf(next))
	m.streak.Store(uint64(tagOf(next)) << streakBits)
	if to == Timed {
		m.track(tagOf(next), rules)
	}
	m.held = 0
	switch {
	case to.closed():
		m.outage = nil
	case m.outage == nil:
		m.outage = new(outage)
	default:
		*m.outage = outage{trips: m.outage.trips}
	}
	m.word.Store(next)
	return c
}

// track begins to tell which calls still run.
func (m *Machine) track(tag uint16, rules *Rules) {
	running := m.running.Load()
	if running == nil || running.Limit() != rules.SlowCall {
		running = window.NewRunning(rules.SlowCall)
	}
	running.Start(m.latest, tag)
	m.running.Store(running)
}

// open begins a cooldown, twice as long as the one before if the machine has not
// been closed in between.
func (m *Machine) open(c Change, u float64) Change {
	trips := 0
	if m.outage != nil {
		trips = m.outage.trips
	}
	c.Hold = m.rules.Load().cooldown(trips, u)
	c = m.enter(Open, c)
	m.outage.until = m.latest + c.Hold
	m.outage.trips = trips + 1
	return c
}
