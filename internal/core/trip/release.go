package trip

import (
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/core/window"
)

// Rest is what [Machine.TryRelease] has left to be done under the lock.
type Rest uint8

// The rests.
const (
	Nothing  Rest = iota
	Counting      // everything: the outcome is not counted yet
	Judging       // a rule seems to be broken
	Tripping      // the failures in a row have become too many
)

// TryRelease takes the outcome of a call as far as that goes without the lock.
// It is safe for concurrent use. Where it leaves something to do, it must be
// followed by [Machine.Settle] with the token, which it may have changed.
func (m *Machine) TryRelease(now int64, stripe uint, token *gate.Token, outcome gate.Outcome) Rest {
	word := m.word.Load()
	phase := phaseOf(word)
	switch {
	case generation(word) != generation(token.Generation):
		return Nothing
	case !phase.closed():
		return Counting
	case phase == Timed && !m.leave(now, stripe, token):
		return Counting
	case outcome == gate.Ignored:
		return Nothing
	case m.window.Due(now):
		return Counting
	}
	failed := outcome == gate.Failure
	switch m.window.Add(stripe, tagOf(word), window.DeltaOf(failed, false)) {
	case window.Stale:
		return Nothing
	case window.Full:
		return Counting
	}
	streak := m.extend(tagOf(word), failed)
	if failed {
		return m.suspect(streak)
	}
	return Nothing
}

// leave takes a call that was not slow off those that run.
func (m *Machine) leave(now int64, stripe uint, token *gate.Token) bool {
	if phaseOf(token.Generation) != Timed {
		return true
	}
	running, start := m.running.Load(), int64(token.Start)
	if now-start >= running.Limit() || !running.Leave(stripe, tagOf(token.Generation), start) {
		return false
	}
	token.Generation = pack(generation(token.Generation), Closed)
	return true
}

// suspect looks whether a failure may have broken a rule.
func (m *Machine) suspect(streak uint32) Rest {
	rules := m.rules.Load()
	if rules.Consecutive > 0 && streak >= uint32(rules.Consecutive) {
		return Tripping
	}
	if rules.FailureRate == 0 {
		return Nothing
	}
	if c, valid := m.window.Sum(); valid && !rules.failing(c, rules.MinCalls) {
		return Nothing
	}
	return Judging
}

const (
	streakBits = 32 // the failures in a row, below the tag of the generation
	streakMask = 1<<streakBits - 1
)

// extend continues the failures in a row, or ends them, and returns how many
// they are. Without a rule about them nobody counts.
func (m *Machine) extend(tag uint16, failed bool) uint32 {
	for {
		old := m.streak.Load()
		next := old &^ streakMask
		if failed && old&streakMask < streakMask {
			next = old + 1
		}
		switch {
		case next == old, uint16(old>>streakBits) != tag:
			return uint32(old)
		case failed && m.rules.Load().Consecutive == 0:
			return 0
		case m.streak.CompareAndSwap(old, next):
			return uint32(next)
		}
	}
}

// Release takes the outcome of the call that was admitted with token. The number
// u in [0, 1) shortens a cooldown that may begin.
func (m *Machine) Release(token gate.Token, outcome gate.Outcome, u float64) Change {
	word := m.word.Load()
	if generation(word) != generation(token.Generation) {
		return Change{}
	}
	rules := m.rules.Load()
	// Only a closed machine that does not time calls leaves their start out.
	timed := phaseOf(token.Generation) != Closed
	slow := timed && rules.SlowCall > 0 && m.latest-int64(token.Start) >= rules.SlowCall
	switch phaseOf(token.Generation) {
	case Timed:
		m.running.Load().LeaveLate(tagOf(word), int64(token.Start))
	case Probing:
		m.outage.free(int64(token.Start))
	}
	if outcome == gate.Ignored {
		return Change{}
	}
	failed := outcome == gate.Failure
	switch delta := window.DeltaOf(failed, slow); m.Phase() {
	case Closed, Timed:
		return m.count(delta, failed, slow, u)
	case Probing:
		return m.probed(delta, failed, slow, u)
	default:
		return m.ramped(delta, failed, slow, u)
	}
}

// Settle does what TryRelease has left to do.
func (m *Machine) Settle(rest Rest, token gate.Token, outcome gate.Outcome, u float64) Change {
	switch {
	case rest == Counting:
		return m.Release(token, outcome, u)
	case rest == Nothing, generation(m.word.Load()) != generation(token.Generation):
		return Change{}
	default:
		return m.judge(rest == Tripping, u)
	}
}
