package trip

import (
	"math/rand"
	"testing"

	"github.com/backstay-go/backstay/gate"
)

// pair drives a Machine and the reference side by side.
type pair struct {
	*testing.T
	machine Machine
	ref     *reference
	now     int64
	under   []*call // way
	choose  func(n int) int
	steps   int
	changes map[Why]int
}

const ms = 1_000_000

// someRules are small enough for everything to happen often.
func (p *pair) someRules() Rules {
	pick := func(of ...int64) int64 { return of[p.choose(len(of))] }
	r := Rules{
		SlowCall:     pick(0, 7, 40*ms, 300*ms),
		Window:       pick(5, 100*ms, 1000*ms),
		Cooldown:     pick(1, 50*ms, 500*ms),
		ProbeTimeout: pick(1, 30*ms, 200*ms),
		Ramp:         pick(0, 1, 100*ms),
		FailureRate:  uint32(pick(0, 1, 300_000_000, 500_000_000, 570_000_000, Whole)),
		Consecutive:  int32(pick(0, 0, 1, 4)),
		MinCalls:     int32(pick(1, 5, 10)),
		Probes:       int32(pick(1, 2, 5)),
	}
	r.MaxCooldown = r.Cooldown * pick(1, 3, 20)
	if r.SlowCall > 0 {
		r.SlowRate = uint32(pick(1, 400_000_000, Whole))
	}
	return r
}

func newPair(t *testing.T, choose func(n int) int) *pair {
	p := &pair{T: t, choose: choose, changes: map[Why]int{}}
	rules := p.someRules()
	p.machine.Start(0, &rules)
	p.ref = newReference(0, rules)
	return p
}

// same fails the test where machine and reference differ.
func (p *pair) same(what string, got, want Change) {
	p.Helper()
	p.changes[got.Why]++
	if got != want {
		p.Fatalf("step %d: %s: change %+v, want %+v", p.steps, what, got, want)
	}
}

func (p *pair) u() float64 { return float64(p.choose(5)) / 5 }

func (p *pair) tick() {
	p.Helper()
	u := p.u()
	p.same("tick", p.machine.Tick(p.now, u), p.ref.tick(p.now, u))
}

func (p *pair) pass() {
	p.Helper()
	p.same("pass", p.machine.Pass(p.now), p.ref.pass(p.now))
}

func (p *pair) step() {
	p.Helper()
	p.steps++
	switch p.choose(20) {
	case 0, 1, 2, 3:
		p.now += int64(p.choose(3)) * int64(p.choose(40*ms))
	case 4:
		p.tick()
		p.look()
	case 5, 6, 7, 8, 9, 10, 11:
		p.admit()
	case 12, 13, 14, 15, 16, 17, 18:
		p.release()
	default:
		p.order()
	}
}

func (p *pair) admit() {
	p.Helper()
	refused := p.now < p.machine.RefusesUntil()
	if _, ok := p.machine.AdmitUntimed(); ok != (p.ref.phase == Closed) {
		p.Fatalf("step %d: passed %v in phase %v", p.steps, ok, p.ref.phase)
	}
	token, ok := p.machine.TryAdmit(p.now, uint(p.choose(8)))
	if !ok {
		p.tick()
		token, ok = p.machine.Admit()
	}
	c, want := p.ref.admit(p.now)
	if ok != want || ok && refused {
		p.Fatalf("step %d: admitted %v, want %v, in phase %v", p.steps, ok, want, p.ref.phase)
	}
	if ok {
		c.token = token
		p.under = append(p.under, c)
	}
}

func (p *pair) release() {
	p.Helper()
	if len(p.under) == 0 {
		return
	}
	// Mostly the oldest, so that calls end; sometimes one that leaves others
	// behind for long.
	i := 0
	if p.choose(4) == 0 {
		i = p.choose(len(p.under))
	}
	c := p.under[i]
	p.under = append(p.under[:i], p.under[i+1:]...)
	how := []gate.Outcome{gate.Success, gate.Failure, gate.Success, gate.Failure, gate.Ignored}[p.choose(5)]

	rest := Counting
	if p.choose(4) > 0 {
		rest = p.machine.TryRelease(p.now, uint(p.choose(8)), &c.token, how)
	}
	if rest == Counting {
		p.pass()
	}
	failed, slow := p.ref.count(p.now, c, how)
	if rest == Judging || rest == Tripping {
		p.pass()
	}
	u := p.u()
	p.same("release", p.machine.Settle(rest, c.token, how, u), p.ref.judge(c, failed, slow, u))
}

func (p *pair) order() {
	p.Helper()
	p.tick()
	until := p.now + int64(p.choose(300*ms))
	switch p.choose(12) {
	case 0:
		p.same("force open", p.machine.ForceOpen(until), p.ref.forceOpen(until))
	case 1:
		p.same("force closed", p.machine.ForceClosed(until), p.ref.forceClosed(until))
	case 2:
		p.same("reset", p.machine.Reset(), p.ref.enter(Closed, Change{Why: Ordered}))
	case 3:
		rules := p.someRules()
		p.machine.Update(&rules)
		p.ref.update(rules)
	}
}

// look compares all there is to see.
func (p *pair) look() {
	p.Helper()
	got, r := p.machine.View(), p.ref
	want := View{Phase: r.phase, Streak: r.streak}
	switch r.phase {
	case Closed, Timed:
		want.Counts, want.Overdue, want.Share = r.total(r.now), r.overdue(), Whole
		if r.held > r.now {
			want.Forced, want.Until = true, r.held
		}
	case Open:
		want.Until, want.Forced = r.until, r.forced
	case Ramping:
		want.Counts, want.Until, want.Share = sum(r.trial, 0), r.since+r.rules.Ramp, got.Share
	case Probing:
		want.Counts, want.Probes = sum(r.trial, 0), r.probes()
	}
	if got != want {
		p.Fatalf("step %d: view %+v, want %+v", p.steps, got, want)
	}
}

// TestAgainstReference makes 100 000 random steps, with the rules exchanged now
// and then, through the paths with and without the lock alike.
func TestAgainstReference(t *testing.T) {
	const runs, steps = 200, 500
	changes := map[Why]int{}
	for seed := range int64(runs) {
		random := rand.New(rand.NewSource(seed))
		p := newPair(t, random.Intn)
		for range steps {
			p.step()
		}
		for why, n := range p.changes {
			changes[why] += n
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	for why := NoCause; why <= Ordered; why++ {
		if changes[why] < 20 {
			t.Errorf("%v happened %d times, want more for the test to mean much", why, changes[why])
		}
	}
}

// FuzzMachine makes the steps that the input chooses.
func FuzzMachine(f *testing.F) {
	for seed := range int64(8) {
		steps := make([]byte, 400)
		rand.New(rand.NewSource(seed)).Read(steps)
		f.Add(steps)
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		next := func(n int) int {
			v := 0
			for m := n - 1; m > 0; m >>= 8 {
				if len(input) > 0 {
					v, input = v<<8|int(input[0]), input[1:]
				}
			}
			return v % n
		}
		p := newPair(t, next)
		for len(input) > 0 && p.steps < 5000 {
			p.step()
		}
	})
}
