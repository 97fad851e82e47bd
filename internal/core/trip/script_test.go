package trip

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/transcript"
)

// TestScripts plays the scripts in testdata. Commands are
//
//	rules key=value ...   begin anew, with these rules; rules not named are off
//	update key=value ...  change the rules
//	ok, fail, cancel [n]  a call, or n of them, that end at once
//	start name            a call begins
//	end name outcome      it ends
//	wait duration         time passes
//	tick                  time is noticed
//	open, close [for]     force it, for a while or for good
//	reset                 as it says
//	u number              what random numbers are from here on
//
// What comes of a command is "refused" for each call that was and every change,
// in order, or the phase if there was neither. Nothing comes of wait and u.
func TestScripts(t *testing.T) {
	transcript.Play(t, func(t *testing.T) transcript.Player {
		s := &script{T: t}
		return s.play
	})
}

// script is the state of a script that is played.
type script struct {
	*testing.T
	where   string
	machine *Machine
	rules   Rules
	now     int64
	u       float64
	calls   map[string]gate.Token
	results []string
}

func (s *script) play(where string, words []string) string {
	s.where, s.results = where, nil
	command, args := words[0], words[1:]
	switch command {
	case "rules":
		s.machine, s.rules, s.calls = new(Machine), Rules{}, map[string]gate.Token{}
		s.set(args)
		rules := s.rules
		s.machine.Start(s.now, &rules)
	case "u":
		s.u = s.float(args[0])
		return ""
	case "wait":
		s.now += s.duration(args[0])
		return ""
	case "end":
		s.saw(s.machine.Pass(s.now))
		s.release(s.calls[args[0]], args[1])
	default:
		s.saw(s.machine.Tick(s.now, s.u))
		s.act(command, args)
	}
	if len(s.results) == 0 {
		return s.machine.Phase().String()
	}
	return strings.Join(s.results, "; ")
}

func (s *script) act(command string, args []string) {
	switch command {
	case "tick":
	case "ok", "fail", "cancel":
		n := 1
		if len(args) > 0 {
			n = int(s.float(args[0]))
		}
		for range n {
			if token, ok := s.admit(); ok {
				s.release(token, command)
			}
		}
	case "start":
		s.calls[args[0]], _ = s.admit()
	case "open":
		s.saw(s.machine.ForceOpen(s.until(args)))
	case "close":
		s.saw(s.machine.ForceClosed(s.until(args)))
	case "reset":
		s.saw(s.machine.Reset())
	case "update":
		s.set(args)
		rules := s.rules
		s.machine.Update(&rules)
	default:
		s.Fatalf("%s: unknown command", s.where)
	}
}

func (s *script) admit() (gate.Token, bool) {
	token, ok := s.machine.Admit()
	if !ok {
		s.results = append(s.results, "refused")
	}
	return token, ok
}

func (s *script) release(token gate.Token, outcome string) {
	how := map[string]gate.Outcome{"ok": gate.Success, "fail": gate.Failure, "cancel": gate.Ignored}[outcome]
	s.saw(s.machine.Release(token, how, s.u))
}

// saw notes a change as the scripts write it.
func (s *script) saw(c Change) {
	if !c.Happened() {
		return
	}
	text := fmt.Sprintf("%v to %v: %v", c.From, c.To, c.Why)
	switch c.Why {
	case TooManyFailed, ProbeFailed:
		text += fmt.Sprintf(" %d/%d", c.Counts.Failures, c.Counts.Calls)
	case TooManySlow, ProbeSlow:
		text += fmt.Sprintf(" %d/%d", c.Counts.Slow+c.Overdue, c.Counts.Calls+c.Overdue)
	case FailedInARow:
		text += fmt.Sprintf(" %d", c.Streak)
	}
	if c.Hold > 0 {
		text += fmt.Sprintf(", for %v", time.Duration(c.Hold))
	}
	s.results = append(s.results, text)
}

// set changes the rules that args name.
func (s *script) set(args []string) {
	share := func(v string) uint32 { return uint32(s.float(v) * Whole) }
	for _, arg := range args {
		switch key, v, _ := strings.Cut(arg, "="); key {
		case "slow_call":
			s.rules.SlowCall = s.duration(v)
		case "window":
			s.rules.Window = s.duration(v)
		case "cooldown":
			s.rules.Cooldown = s.duration(v)
			s.rules.MaxCooldown = max(s.rules.MaxCooldown, s.rules.Cooldown)
		case "max_cooldown":
			s.rules.MaxCooldown = s.duration(v)
		case "probe_timeout":
			s.rules.ProbeTimeout = s.duration(v)
		case "ramp":
			s.rules.Ramp = s.duration(v)
		case "failure_rate":
			s.rules.FailureRate = share(v)
		case "slow_rate":
			s.rules.SlowRate = share(v)
		case "consecutive":
			s.rules.Consecutive = int32(s.float(v))
		case "min_calls":
			s.rules.MinCalls = int32(s.float(v))
		case "probes":
			s.rules.Probes = int32(s.float(v))
		default:
			s.Fatalf("%s: unknown rule %s", s.where, key)
		}
	}
}

func (s *script) until(args []string) int64 {
	if len(args) == 0 {
		return Forever
	}
	return s.now + s.duration(args[0])
}

func (s *script) duration(v string) int64 {
	d, err := time.ParseDuration(v)
	if err != nil {
		s.Fatalf("%s: %v", s.where, err)
	}
	return int64(d)
}

func (s *script) float(v string) float64 {
	f, err := strconv.ParseFloat(v, 64)
	if err != nil {
		s.Fatalf("%s: %v", s.where, err)
	}
	return f
}
