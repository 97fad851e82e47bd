package model

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/backstay-go/backstay/breaker"
	"github.com/backstay-go/backstay/gate"
)

// The breaker of the histories: three failures in a row open it, two probes
// close it. Nobody waits: a caller that wants the cooldown to be over brings a
// reading of the clock that is so many hours ahead.
const (
	inARow  = 3
	probes  = 2
	permits = 64 // at most in one history
)

var errDown = errors.New("down")

// acquire is the input of an attempt to get permit id with a reading of the
// clock hour hours ahead. The output is whether it was admitted.
type acquire struct {
	id   int
	hour int
}

// release is the input of the end of permit id. It is two operations, both
// within the call: the outcome is counted first, and what it has brought about
// is seen by everybody later. In between, which takes no longer than one hold of
// the breaker's lock, the breaker promises less: outcomes may count neither
// before nor after the change, and a refusal may still go by what was before.
type release struct {
	id      int
	failed  bool
	settled bool
}

// breakerState is what a breaker can be in, as a value.
type breakerState struct {
	phase      breaker.State
	generation int
	streak     int
	running    int          // probes
	passed     int          // probes
	latest     int          // the hour of the latest reading that mattered
	opened     int          // the hour in which it opened
	counted    uint64       // the permits of which the outcome is counted
	owing      uint64       // the permits whose failure is to open it
	changing   uint64       // the permits whose change is not yet seen by all
	of         [permits]int // the generation that admitted each permit
}

func (s breakerState) enter(phase breaker.State) breakerState {
	return breakerState{
		phase: phase, generation: s.generation + 1, latest: s.latest, opened: s.latest,
		counted: s.counted, changing: s.changing, of: s.of,
	}
}

func (s breakerState) admit(a acquire) breakerState {
	s.of[a.id] = s.generation
	return s
}

// acquireStep returns the states after an attempt with the given answer.
func (s breakerState) acquireStep(a acquire, admitted bool) []breakerState {
	if s.phase == breaker.Closed {
		if admitted {
			return []breakerState{s.admit(a)}
		}
		return nil
	}
	if !admitted && s.changing != 0 {
		return []breakerState{s}
	}
	if s.phase == breaker.Open {
		if a.hour <= s.opened {
			if admitted {
				return nil
			}
			return []breakerState{s}
		}
		s.latest = a.hour
		s = s.enter(breaker.HalfOpen)
	}
	seen := s
	seen.latest = max(s.latest, a.hour)
	if admitted {
		if s.running+s.passed == probes {
			return nil
		}
		seen.running++
		return []breakerState{seen.admit(a)}
	}
	// A refusal may or may not look at the clock. It is right when there is no
	// slot, or when the reading is from before the half-open state began.
	if s.running+s.passed < probes && a.hour >= s.opened {
		return nil
	}
	return []breakerState{s, seen}
}

// releaseStep returns the states after one half of a release.
func (s breakerState) releaseStep(r release) []breakerState {
	bit := uint64(1) << r.id
	if r.settled {
		if s.counted&bit == 0 {
			return nil // not before it is counted
		}
		if s.owing&bit != 0 {
			s = s.enter(breaker.Open)
		}
		s.changing &^= bit
		return []breakerState{s}
	}
	s.counted |= bit
	ignored := s
	switch {
	case s.of[r.id] != s.generation:
	case s.phase == breaker.HalfOpen:
		s.running--
		s.changing |= bit
		if r.failed {
			s = s.enter(breaker.Open)
		} else if s.passed++; s.passed == probes {
			s = s.enter(breaker.Closed)
		}
	case !r.failed:
		s.streak = 0
	default:
		if s.streak++; s.streak >= inARow {
			s.owing |= bit
		}
	}
	if ignored.owing != 0 {
		return []breakerState{s, ignored}
	}
	return []breakerState{s}
}

var breakerModel = (&porcupine.NondeterministicModel{
	Init: func() []any { return []any{breakerState{generation: 1}} },
	Step: func(state, input, output any) []any {
		var next []breakerState
		switch in := input.(type) {
		case acquire:
			next = state.(breakerState).acquireStep(in, output.(bool))
		case release:
			next = state.(breakerState).releaseStep(in)
		}
		states := make([]any, len(next))
		for i, s := range next {
			states[i] = s
		}
		return states
	},
}).ToModel()

func TestBreakerHistoriesAreLinearizable(t *testing.T) {
	var calls, refused, overlapping int
	for round := range 300 {
		var h breakerHistory
		h.run(round)
		calls += int(h.ids.Load())
		refused += int(h.refusals.Load())
		overlapping += h.overlaps()
		h.linearizable(t, breakerModel)
	}
	t.Logf("%d calls, %d refused, %d operations overlap another client's", calls, refused, overlapping)
	if refused < calls/10 || refused > calls*9/10 {
		t.Errorf("%d of %d calls were refused: the histories show little", refused, calls)
	}
}

// breakerHistory is what some clients did to one breaker.
type breakerHistory struct {
	history
	breaker  *breaker.Breaker
	start    time.Time
	ids      atomic.Int64
	hours    atomic.Int64
	refusals atomic.Int64
}

func (h *breakerHistory) run(seed int) {
	h.breaker = breaker.New(breaker.Config{
		Consecutive: inARow, Probes: probes, Cooldown: 30 * time.Minute, MaxCooldown: 30 * time.Minute,
		ProbeTimeout: 1000 * time.Hour, Window: 1000 * time.Hour, Ramp: breaker.NoRamp,
	})
	h.start = time.Now()
	h.concurrently(seed, func(client int, random *rand.Rand) {
		for range permits / clients {
			h.call(client, random)
		}
	})
}

// call gets a permit and ends it.
func (h *breakerHistory) call(client int, random *rand.Rand) {
	a := acquire{id: int(h.ids.Add(1)) - 1}
	if random.IntN(3) == 0 {
		a.hour = int(h.hours.Add(1))
	}
	var permit gate.Permit
	h.do(client, a, func() any {
		var err error
		permit, err = h.breaker.AcquireAt(context.Background(), h.start.Add(time.Duration(a.hour)*time.Hour))
		return err == nil
	})
	if permit == (gate.Permit{}) {
		h.refusals.Add(1)
		return
	}
	r := release{id: a.id, failed: random.IntN(3) > 0}
	var err error
	if r.failed {
		err = errDown
	}
	call := int64(time.Since(h.begun))
	permit.DoneAt(h.start, err)
	end := int64(time.Since(h.begun))
	h.note(client, r, nil, call, end)
	r.settled = true
	h.note(clients+client, r, nil, call, end)
}
