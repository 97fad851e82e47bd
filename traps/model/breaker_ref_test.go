package model

import (
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/core/trip"
	"github.com/backstay-go/backstay/internal/core/window"
)

// outcome is one call that ended while the reference was closed.
type outcome struct {
	at     int64
	failed bool
}

// admission is what the reference remembers of a call that it let run.
type admission struct {
	generation int
	probe      bool // it holds a lease, or has held one
	start      int64
}

// refBreaker is a breaker that keeps every call in a list and looks through the
// lists for each decision.
type refBreaker struct {
	rules      trip.Rules
	phase      trip.Phase
	now        int64
	generation int

	begun    int64 // when the state began
	outcomes []outcome
	streak   int
	held     int64

	until  int64
	trips  int
	leases []int64
	passed int
	calls  int // since probing began, and how many failed
	failed int
	owed   int64 // the sum of what has passed of the ramp, over the calls on it
	onRamp int64 // how many of them ran
}

func (r *refBreaker) enter(to trip.Phase) {
	trips := r.trips
	if to == trip.Closed {
		trips = 0
	}
	*r = refBreaker{rules: r.rules, phase: to, now: r.now, generation: r.generation + 1, begun: r.now, trips: trips}
}

// tick makes the changes that time brings.
func (r *refBreaker) tick(now int64) {
	r.now = now
	switch {
	case r.phase == trip.Open && now >= r.until:
		r.enter(trip.Probing)
	case r.phase == trip.Ramping && now >= r.begun+r.rules.Ramp:
		r.enter(trip.Closed)
	}
}

// open opens it for the time that u makes of the doubled cooldown.
func (r *refBreaker) open(u float64) {
	hold := r.rules.Cooldown
	for range r.trips {
		hold = min(2*hold, r.rules.MaxCooldown)
	}
	trips := r.trips
	r.enter(trip.Open)
	r.trips = trips + 1
	r.until = r.now + hold - int64(u*float64(hold)/5)
}

// bucket numbers the parts of the window, counted from when it was closed.
func (r *refBreaker) bucket(at int64) int64 {
	return (at - r.begun) / (r.rules.Window / window.Buckets)
}

// recent counts the outcomes in the window.
func (r *refBreaker) recent() (calls, failures int) {
	for _, o := range r.outcomes {
		if r.bucket(r.now)-r.bucket(o.at) >= window.Buckets {
			continue
		}
		calls++
		if o.failed {
			failures++
		}
	}
	return calls, failures
}

func (r *refBreaker) admit(now int64) (admission, bool) {
	r.tick(now)
	a := admission{generation: r.generation, start: now}
	switch r.phase {
	case trip.Closed:
		return a, true
	case trip.Probing:
		a.probe = true
		return a, r.lease()
	case trip.Ramping:
		// The first runs; after that as many as the shares add up to.
		r.owed += now - r.begun
		if (r.rules.Ramp+r.owed)/r.rules.Ramp > r.onRamp {
			r.onRamp++
			return a, true
		}
	}
	return a, false
}

func (r *refBreaker) lease() bool {
	var live []int64
	for _, begun := range r.leases {
		if r.now-begun < r.rules.ProbeTimeout {
			live = append(live, begun)
		}
	}
	r.leases = live
	if len(live)+r.passed >= int(r.rules.Probes) {
		return false
	}
	r.leases = append(r.leases, r.now)
	return true
}

func (r *refBreaker) release(now int64, a admission, end gate.Outcome, u float64) {
	r.tick(now)
	if a.generation != r.generation {
		return
	}
	for i, begun := range r.leases {
		if a.probe && begun == a.start {
			r.leases = append(r.leases[:i:i], r.leases[i+1:]...)
			break
		}
	}
	if end == gate.Ignored {
		return
	}
	failed := end == gate.Failure
	r.streak++
	if !failed {
		r.streak = 0
	}
	if r.phase == trip.Closed {
		r.outcomes = append(r.outcomes, outcome{now, failed})
	} else {
		r.calls++
		if failed {
			r.failed++
		}
	}
	r.judge(failed, u)
}

// judge changes the state after an outcome.
func (r *refBreaker) judge(failed bool, u float64) {
	inARow := r.rules.Consecutive > 0 && r.streak >= int(r.rules.Consecutive)
	switch r.phase {
	case trip.Closed:
		calls, failures := r.recent()
		if failed && r.now >= r.held && (inARow || calls >= int(r.rules.MinCalls) && r.tooMany(failures, calls)) {
			r.open(u)
		}
	case trip.Probing:
		if failed {
			r.open(u)
		} else if r.passed++; r.passed >= int(r.rules.Probes) {
			r.recovered()
		}
	case trip.Ramping:
		if failed && (inARow || r.tooMany(r.failed, r.calls)) {
			r.open(u)
		}
	}
}

// recovered begins the ramp, within the same generation.
func (r *refBreaker) recovered() {
	if r.rules.Ramp == 0 {
		r.enter(trip.Closed)
		return
	}
	r.phase, r.begun, r.leases, r.streak = trip.Ramping, r.now, nil, 0
}

// tooMany compares shares as whole numbers.
func (r *refBreaker) tooMany(failures, calls int) bool {
	return r.rules.FailureRate > 0 && int64(failures)*trip.Whole >= int64(calls)*int64(r.rules.FailureRate)
}

func (r *refBreaker) forceOpen(until int64) {
	if r.phase != trip.Open {
		r.enter(trip.Open)
	}
	r.until = until
}

func (r *refBreaker) forceClosed(until int64) {
	if r.phase != trip.Closed {
		r.enter(trip.Closed)
	}
	r.held = until
}
