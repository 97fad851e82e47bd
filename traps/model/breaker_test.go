package model

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/core/trip"
)

// call is one that both the machine and the reference let run.
type call struct {
	token gate.Token
	ref   admission
}

// breakerPair drives a machine and its reference with the same steps.
type breakerPair struct {
	machine trip.Machine
	ref     refBreaker
	now     int64
	running []call
}

func drawRules(t *rapid.T) trip.Rules {
	second := int64(time.Second)
	return trip.Rules{
		Window:       rapid.SampledFrom([]int64{10, 10 * second}).Draw(t, "window"),
		Cooldown:     rapid.Int64Range(1, 10*second).Draw(t, "cooldown"),
		MaxCooldown:  60 * second,
		ProbeTimeout: rapid.Int64Range(1, 10*second).Draw(t, "probe timeout"),
		Ramp:         rapid.SampledFrom([]int64{0, 1, second}).Draw(t, "ramp"),
		FailureRate:  rapid.SampledFrom([]uint32{0, 1, trip.Whole / 2, trip.Whole * 57 / 100, trip.Whole}).Draw(t, "rate"),
		Consecutive:  rapid.SampledFrom([]int32{0, 1, 3}).Draw(t, "consecutive"),
		MinCalls:     rapid.Int32Range(1, 10).Draw(t, "min calls"),
		Probes:       rapid.Int32Range(1, 4).Draw(t, "probes"),
	}
}

func TestBreakerAgainstReference(t *testing.T) {
	var steps, opened int
	rapid.Check(t, func(t *rapid.T) {
		rules := drawRules(t)
		p := &breakerPair{ref: refBreaker{rules: rules}}
		p.machine.Start(0, &rules)
		p.ref.enter(trip.Closed)
		t.Repeat(map[string]func(*rapid.T){
			"wait":     p.wait,
			"admit":    p.admit,
			"crowd":    func(t *rapid.T) { p.admit(t); p.admit(t); p.admit(t) },
			"succeed":  func(t *rapid.T) { p.release(t, gate.Success) },
			"fail":     func(t *rapid.T) { p.release(t, gate.Failure) },
			"failures": func(t *rapid.T) { p.admit(t); p.release(t, gate.Failure); p.release(t, gate.Failure) },
			"ignore":   func(t *rapid.T) { p.release(t, gate.Ignored) },
			"order":    p.order,
			"": func(t *rapid.T) {
				steps++
				if p.ref.phase == trip.Open {
					opened++
				}
				p.compare(t)
			},
		})
	})
	t.Logf("%d steps, %d of them while open", steps, opened)
	if opened < steps/50 || opened > steps*4/5 {
		t.Errorf("of %d steps %d were while open: the steps explore little", steps, opened)
	}
}

func (p *breakerPair) wait(t *rapid.T) {
	longest := rapid.SampledFrom([]int64{1, int64(time.Second), int64(20 * time.Second)}).Draw(t, "scale")
	p.now += rapid.Int64Range(0, longest).Draw(t, "wait")
}

// admit takes the path of the shell: first what needs no lock, then the rest.
func (p *breakerPair) admit(t *rapid.T) {
	stripe := rapid.Uint().Draw(t, "stripe")
	token, ok := p.machine.TryAdmit(p.now, stripe)
	if !ok {
		p.machine.Tick(p.now, 0)
		token, ok = p.machine.Admit()
	}
	ref, want := p.ref.admit(p.now)
	if ok != want {
		t.Fatalf("at %d, %v: admitted %v, want %v", p.now, p.ref.phase, ok, want)
	}
	if ok {
		p.running = append(p.running, call{token, ref})
	}
}

func (p *breakerPair) release(t *rapid.T, end gate.Outcome) {
	if len(p.running) == 0 {
		return
	}
	i := rapid.IntRange(0, len(p.running)-1).Draw(t, "call")
	c := p.running[i]
	p.running = append(p.running[:i], p.running[i+1:]...)
	u := rapid.Float64Range(0, 0.999).Draw(t, "u")
	stripe := rapid.Uint().Draw(t, "stripe")
	if rest := p.machine.TryRelease(p.now, stripe, &c.token, end); rest != trip.Nothing {
		p.machine.Tick(p.now, u)
		p.machine.Settle(rest, c.token, end, u)
	}
	p.ref.release(p.now, c.ref, end, u)
}

// order is what people do by hand, seldom.
func (p *breakerPair) order(t *rapid.T) {
	p.machine.Tick(p.now, 0)
	p.ref.tick(p.now)
	until := p.now + rapid.Int64Range(1, int64(10*time.Second)).Draw(t, "for")
	switch rapid.IntRange(0, 20).Draw(t, "order") {
	case 0:
		p.machine.ForceOpen(until)
		p.ref.forceOpen(until)
	case 1:
		p.machine.ForceClosed(until)
		p.ref.forceClosed(until)
	case 2:
		p.machine.Reset()
		p.ref.enter(trip.Closed)
	}
}

// compare asks both for what they know.
func (p *breakerPair) compare(t *rapid.T) {
	p.machine.Tick(p.now, 0)
	p.ref.tick(p.now)
	got := p.machine.View()
	if got.Phase != p.ref.phase {
		t.Fatalf("at %d: %v, want %v", p.now, got.Phase, p.ref.phase)
	}
	calls, failures := p.ref.calls, p.ref.failed
	if p.ref.phase == trip.Closed {
		calls, failures = p.ref.recent()
	}
	if int(got.Counts.Calls) != calls || int(got.Counts.Failures) != failures {
		t.Fatalf("at %d, %v: %d of %d calls failed, want %d of %d",
			p.now, got.Phase, got.Counts.Failures, got.Counts.Calls, failures, calls)
	}
	if p.ref.phase == trip.Open && got.Until != p.ref.until {
		t.Fatalf("at %d: open until %d, want %d", p.now, got.Until, p.ref.until)
	}
}
