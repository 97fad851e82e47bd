package config

import (
	"math"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/backstay-go/backstay/breaker"
	"github.com/backstay-go/backstay/retry"
)

func TestDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{"1.5s": 1500 * time.Millisecond, "0": 0, "100ms": 100 * time.Millisecond, "1h30m": 90 * time.Minute} {
		var d Duration
		if err := d.UnmarshalText([]byte(text)); err != nil || time.Duration(d) != want {
			t.Errorf("%s reads as %v, %v; want %v", text, d, err, want)
		}
	}
	for _, text := range []string{"", "1", "-1s", "s", "1.5", "1 s", "ten"} {
		var d Duration
		if err := d.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q reads as %v, want an error", text, d)
		}
	}
}

func TestSize(t *testing.T) {
	for text, want := range map[string]Size{"10MiB": 10 << 20, "1.5KiB": 1536, "7": 7, "7B": 7, "2 GiB": 2 << 30, "3MB": 3e6, "0": 0} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err != nil || s != want {
			t.Errorf("%s reads as %v, %v; want %v", text, s, err, want)
		}
	}
	for _, text := range []string{"", "MiB", "-1MiB", "10XB", "NaN", "1e30TiB", "Inf"} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q reads as %v, want an error", text, s)
		}
	}
}

func TestSizeReadsBackWhatItWrites(t *testing.T) {
	for _, want := range []Size{0, 1, 1000, 1024, 1536, 10 << 20, math.MaxInt32, 1 << 40} {
		text, err := want.MarshalText()
		var got Size
		if err != nil || got.UnmarshalText(text) != nil || got != want {
			t.Errorf("%d is written as %s and reads back as %d, %v", want, text, got, err)
		}
	}
}

func FuzzSize(f *testing.F) {
	for _, text := range []string{"10MiB", "1.5KiB", "-1", "9e18", "0.1B"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err == nil && s < 0 {
			t.Errorf("%q reads as %d, want none below zero", text, s)
		}
	})
}

func TestWordsForWhatNoNumberSays(t *testing.T) {
	var p Policy
	err := yaml.Unmarshal([]byte("{retry: {max_attempts: unlimited}, breaker: {ramp: off}}"), &p)
	if err != nil {
		t.Fatal(err)
	}
	if got := int(p.Retry.MaxAttempts); got != retry.Unlimited {
		t.Errorf("max_attempts unlimited is %d, want %d", got, retry.Unlimited)
	}
	if got := time.Duration(p.Breaker.Ramp); got != breaker.NoRamp {
		t.Errorf("ramp off is %v, want %v", got, breaker.NoRamp)
	}
}

// What is written as YAML reads back as it was.
func TestConfigurationsCanBeWritten(t *testing.T) {
	c := &Config{
		Upstream: Endpoints{"http://127.0.0.1:9001"},
		Shutdown: Shutdown{Grace: new(Duration(time.Second))},
		Policies: map[string]Policy{"default": {
			Timeout: Duration(1500 * time.Millisecond),
			Retry:   &Retry{MaxAttempts: Attempts(retry.Unlimited), Budget: &Budget{Off: true}, Backoff: &Backoff{Jitter: Jitter(retry.EqualJitter)}},
			Breaker: &Breaker{Ramp: Ramp(breaker.NoRamp), FailureRate: 0.25},
		}},
	}
	first, err := yaml.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	read, err := Parse("written.yaml", first, func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatalf("%v in\n%s", err, first)
	}
	second, err := yaml.Marshal(read)
	if err != nil || string(first) != string(second) {
		t.Errorf("wrote\n%s\nand after reading it\n%s", first, second)
	}
}
