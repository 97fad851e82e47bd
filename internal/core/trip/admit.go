package trip

import (
	"time"

	"github.com/backstay-go/backstay/gate"
)

// AdmitUntimed admits a call if the machine is closed and calls are not timed. It
// is safe for concurrent use and needs no clock.
func (m *Machine) AdmitUntimed() (gate.Token, bool) {
	word := m.word.Load()
	return gate.Token{Generation: word}, phaseOf(word) == Closed
}

// TryAdmit admits a call if the machine is closed. It is safe for concurrent
// use. What it does not admit, [Machine.Admit] decides.
func (m *Machine) TryAdmit(now int64, stripe uint) (gate.Token, bool) {
	word := m.word.Load()
	token := gate.Token{Start: time.Duration(now), Generation: word}
	switch phaseOf(word) {
	case Closed:
		return token, true
	case Timed:
		return token, m.running.Load().Enter(stripe, tagOf(word), now)
	default:
		return token, false
	}
}

// Admit decides whether a call may run.
func (m *Machine) Admit() (gate.Token, bool) {
	word := m.word.Load()
	token := gate.Token{Start: time.Duration(m.latest), Generation: word}
	switch phaseOf(word) {
	case Closed:
		return token, true
	case Timed:
		// Tick has made the turn ready.
		return token, m.running.Load().Enter(0, tagOf(word), m.latest)
	case Probing:
		return token, m.lease()
	case Ramping:
		return token, m.share()
	default:
		return token, false
	}
}

// lease takes the slot of a probe: one that is free, or has been held for too
// long. A probe that succeeded keeps its slot, so no more calls run before the
// machine closes than have to succeed.
func (m *Machine) lease() bool {
	o, rules := m.outage, m.rules.Load()
	o.expire(m.latest - rules.ProbeTimeout)
	if int32(len(o.leases))+o.passed >= rules.Probes {
		return false
	}
	o.leases = append(o.leases, m.latest)
	return true
}

// expire takes the slots from the probes that began at limit or earlier.
func (o *outage) expire(limit int64) {
	for len(o.leases) > 0 && o.leases[0] <= limit {
		o.leases = o.leases[1:]
	}
}

// free gives back the slot of the probe that began at start, if it holds one
// still. Probes that began at the same time are alike.
func (o *outage) free(start int64) {
	for i, begun := range o.leases {
		if begun == start {
			o.leases = append(o.leases[:i], o.leases[i+1:]...)
			return
		}
	}
}

// share admits as large a part of the calls as has passed of the ramp, evenly
// spaced: each call is owed that part, and runs when the sum reaches one.
func (m *Machine) share() bool {
	o, ramp := m.outage, m.rules.Load().Ramp
	o.credit += min(m.latest-o.since, ramp)
	if o.credit < ramp {
		return false
	}
	o.credit -= ramp
	return true
}
