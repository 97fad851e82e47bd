package breaker_test

import (
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/backstay-go/backstay/breaker"
)

func TestValidate(t *testing.T) {
	const hour = time.Hour
	tests := []struct {
		config breaker.Config
		want   string
	}{
		{breaker.Config{FailureRate: 1.5}, "breaker: FailureRate is 1.5: want a share of calls above 0 and at most 1"},
		{breaker.Config{FailureRate: -.1}, "breaker: FailureRate is -0.1: want a share of calls above 0 and at most 1"},
		{breaker.Config{FailureRate: math.NaN()}, "breaker: FailureRate is NaN: want a share of calls above 0 and at most 1"},
		{breaker.Config{Consecutive: -1}, "breaker: Consecutive is -1: want a number of calls up to 1000000000, or 0 for the default"},
		{breaker.Config{SlowCall: -1}, "breaker: SlowCall is -1ns: want a duration up to 8760h0m0s, or 0 for the default"},
		{breaker.Config{SlowCall: 1, SlowRate: 2}, "breaker: SlowRate is 2: want a share of calls above 0 and at most 1"},
		{breaker.Config{SlowRate: 0.5}, "breaker: SlowRate is 0.5 and SlowCall is 0: want how long a slow call takes in SlowCall, or no SlowRate"},
		{breaker.Config{MinCalls: 2e9}, "breaker: MinCalls is 2000000000: want a number of calls up to 1000000000, or 0 for the default"},
		{breaker.Config{Window: -hour}, "breaker: Window is -1h0m0s: want a duration up to 8760h0m0s, or 0 for the default"},
		{breaker.Config{Cooldown: 10000 * hour}, "breaker: Cooldown is 10000h0m0s: want a duration up to 8760h0m0s, or 0 for the default"},
		{breaker.Config{MaxCooldown: -hour}, "breaker: MaxCooldown is -1h0m0s: want a duration up to 8760h0m0s, or 0 for the default"},
		{breaker.Config{MaxCooldown: time.Second}, "breaker: MaxCooldown is 1s: want at least the Cooldown of 5s"},
		{breaker.Config{Cooldown: hour, MaxCooldown: time.Minute}, "breaker: MaxCooldown is 1m0s: want at least the Cooldown of 1h0m0s"},
		{breaker.Config{Probes: -1}, "breaker: Probes is -1: want a number of calls up to 1000000000, or 0 for the default"},
		{breaker.Config{ProbeTimeout: -1}, "breaker: ProbeTimeout is -1ns: want a duration up to 8760h0m0s, or 0 for the default"},
		{breaker.Config{Ramp: -1}, "breaker: Ramp is -1ns: want a duration up to 8760h0m0s, or 0 for the default"},
	}
	for _, test := range tests {
		if err := test.config.Validate(); err == nil || err.Error() != test.want {
			t.Errorf("Validate() = %v\nwant %v", err, test.want)
		}
	}
}

func TestValidateNamesEveryMistake(t *testing.T) {
	err := breaker.Config{FailureRate: 2, Window: -1, Probes: -1}.Validate()
	if err == nil {
		t.Fatal("Validate() = nil, want three mistakes")
	}
	lines := strings.Split(err.Error(), "\n")
	for i, field := range []string{"FailureRate", "Window", "Probes"} {
		if i >= len(lines) || !strings.HasPrefix(lines[i], "breaker: "+field+" is ") {
			t.Errorf("mistake %d of %q, want %s", i, lines, field)
		}
	}
}

func TestValidateAccepts(t *testing.T) {
	configs := []breaker.Config{
		{},
		{FailureRate: 1, SlowCall: time.Second, SlowRate: 1, Consecutive: 1, MinCalls: 1, Probes: 1},
		{FailureRate: math.SmallestNonzeroFloat64},
		{Cooldown: time.Hour}, // longer than DefaultMaxCooldown
		{Ramp: breaker.NoRamp},
	}
	for _, c := range configs {
		if err := c.Validate(); err != nil {
			t.Errorf("%+v.Validate() = %v, want nil", c, err)
		}
		breaker.New(c)
	}
}

func TestNewPanicsOnWhatValidateRejects(t *testing.T) {
	c := breaker.Config{Probes: -1}
	defer func() {
		if got, want := recover(), c.Validate().Error(); got != want {
			t.Errorf("New panics with %v, want %v", got, want)
		}
	}()
	breaker.New(c)
}

// TestDefaultsAreDocumented compares what the comments of Config say with the
// constants.
func TestDefaultsAreDocumented(t *testing.T) {
	source, err := os.ReadFile("config.go")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(strings.ReplaceAll(string(source), "//", "")), " ")
	for _, want := range []string{
		"DefaultFailureRate (0.5)", "DefaultSlowRate (0.5)", "DefaultMinCalls (20)", "DefaultWindow (10s)",
		"DefaultCooldown (5s)", "DefaultMaxCooldown (1m)", "DefaultProbes (3)", "DefaultProbeTimeout (10s)",
		"DefaultRamp (500ms)",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("config.go does not say %q", want)
		}
	}
	if breaker.DefaultFailureRate != 0.5 || breaker.DefaultSlowRate != 0.5 || breaker.DefaultMinCalls != 20 ||
		breaker.DefaultWindow != 10*time.Second || breaker.DefaultCooldown != 5*time.Second ||
		breaker.DefaultMaxCooldown != time.Minute || breaker.DefaultProbes != 3 ||
		breaker.DefaultProbeTimeout != 10*time.Second || breaker.DefaultRamp != 500*time.Millisecond {
		t.Error("a default is not what config.go says")
	}
}

func TestConsecutiveAloneIsAlone(t *testing.T) {
	in(t, breaker.Config{Consecutive: 5}, func(s suite) {
		for range 100 {
			s.do(4, fail)
			s.do(1, succeed)
		}
		s.want(breaker.Closed)
	})
}

func TestSmallestRate(t *testing.T) {
	in(t, breaker.Config{FailureRate: 1e-30, MinCalls: 100}, func(s suite) {
		s.do(99, succeed)
		s.want(breaker.Closed)
		s.do(1, fail)
		s.want(breaker.Open)
	})
}
