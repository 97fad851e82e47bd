package trip

import (
	"testing"

	"github.com/backstay-go/backstay/gate"
)

// These tests stop a goroutine by hand between two steps of TryRelease, where
// another changes the state.

func closedMachine() *Machine {
	var m Machine
	m.Start(0, &Rules{Consecutive: 3, FailureRate: Whole, MinCalls: 3, Window: 1000, Cooldown: 1, MaxCooldown: 1, Probes: 1})
	return &m
}

func TestOutcomeWhoseCounterHasMovedOn(t *testing.T) {
	m := closedMachine()
	token, _ := m.AdmitUntimed()
	m.window.Start(0, 100, 7) // the first step of a change
	if got := m.TryRelease(0, 0, &token, gate.Failure); got != Nothing {
		t.Errorf("TryRelease = %v, want Nothing", got)
	}
	if v := m.View(); v.Counts.Calls != 0 || v.Streak != 0 {
		t.Errorf("%+v, want nothing counted", v)
	}
}

func TestStreakOfAnotherGeneration(t *testing.T) {
	m := closedMachine()
	old := tagOf(m.word.Load())
	m.Reset()
	now := tagOf(m.word.Load())
	m.extend(now, true)
	m.extend(old, true)
	m.extend(old, false)
	if got := m.View().Streak; got != 1 {
		t.Errorf("%d failures in a row, want the 1 of this generation", got)
	}
}

func TestJudgementOfAnotherGeneration(t *testing.T) {
	for _, rest := range []Rest{Judging, Tripping, Counting} {
		m := closedMachine()
		token, _ := m.AdmitUntimed()
		m.Reset()
		if c := m.Settle(rest, token, gate.Failure, 0); c.Happened() {
			t.Errorf("rest %v: %+v, want no change", rest, c)
		}
	}
}

func TestJudgementThatASuccessHasOvertaken(t *testing.T) {
	m := closedMachine()
	for i := range 3 {
		token, _ := m.AdmitUntimed()
		rest := m.TryRelease(0, 0, &token, gate.Failure)
		if i < 2 {
			continue
		}
		if rest != Tripping {
			t.Fatalf("the third failure leaves %v, want Tripping", rest)
		}
		// A success between the decision and its execution does not undo it.
		good, _ := m.AdmitUntimed()
		m.TryRelease(0, 1, &good, gate.Success)
		if c := m.Settle(rest, token, gate.Failure, 0); c.Why != FailedInARow || c.Streak != 3 {
			t.Errorf("%+v, want it to open after 3 in a row", c)
		}
	}
}
