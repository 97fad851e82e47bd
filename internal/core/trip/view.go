package trip

import "github.com/backstay-go/backstay/internal/core/window"

// View is what a machine can tell of itself at one time.
type View struct {
	Phase Phase
	// Until is when Open or Ramping ends, or when a closed machine that is forced
	// is bound by its rules again. It may be Forever; it is 0 otherwise.
	Until  int64
	Forced bool
	// Counts are those of the window of a closed machine, and those since probing
	// began of one that probes or ramps.
	Counts  window.Counts
	Overdue uint64 // calls that are slow and still run
	Streak  uint32 // failures in a row, if there is a rule about them
	Probes  int    // probes that run
	Share   int64  // of the calls that are admitted
}

// View returns what there is to tell as of the last [Machine.Tick].
func (m *Machine) View() View {
	v, rules := View{Phase: m.Phase()}, m.rules.Load()
	switch o := m.outage; v.Phase {
	case Closed, Timed:
		m.window.Roll(m.latest, rules.width())
		v.Counts, v.Streak, v.Overdue = m.window.Total(), uint32(m.streak.Load()), m.overdue()
		v.Share = Whole
		if m.held > m.latest {
			v.Forced, v.Until = true, m.held
		}
	case Probing:
		o.expire(m.latest - rules.ProbeTimeout)
		v.Counts, v.Probes = o.trial, len(o.leases)
	case Ramping:
		v.Counts, v.Streak, v.Until = o.trial, o.streak, m.Until()
		v.Share = int64(float64(m.latest-o.since) / float64(max(1, rules.Ramp)) * Whole)
	default:
		v.Until, v.Forced = o.until, o.forced
	}
	return v
}

// Until returns when Open or Ramping ends, or [Forever].
func (m *Machine) Until() int64 {
	switch m.Phase() {
	case Open:
		return m.outage.until
	case Ramping:
		return m.outage.since + m.rules.Load().Ramp
	default:
		return Forever
	}
}

// RefusesUntil returns a time before which no call is admitted, unless one that
// is under way ends; or 0.
func (m *Machine) RefusesUntil() int64 {
	switch o := m.outage; m.Phase() {
	case Open:
		return o.until
	case Probing:
		if rules := m.rules.Load(); len(o.leases) > 0 && int32(len(o.leases))+o.passed >= rules.Probes {
			return o.leases[0] + rules.ProbeTimeout
		}
	}
	return 0
}
