package ratelimit_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/backstay-go/backstay/ratelimit"
)

func TestRateText(t *testing.T) {
	const day = 24 * time.Hour
	tests := []struct {
		text string
		want ratelimit.Rate
		back string // how it is written, if not as it was
	}{
		{"100/s", ratelimit.Per(100, time.Second), ""},
		{"1000/h", ratelimit.Per(1000, time.Hour), ""},
		{"5/10s", ratelimit.Per(5, 10*time.Second), ""},
		{"1/d", ratelimit.Per(1, day), ""},
		{"7/2d", ratelimit.Per(7, 2*day), ""},
		{"1/ns", ratelimit.Per(1, 1), ""},
		{"3/ms", ratelimit.Per(3, time.Millisecond), ""},
		{"3/m", ratelimit.Per(3, time.Minute), ""},
		{"3/us", ratelimit.Per(3, time.Microsecond), "3/µs"},
		{"3/µs", ratelimit.Per(3, time.Microsecond), ""},
		{"1/1h30m", ratelimit.Per(1, 90*time.Minute), ""},
		{"1/90m", ratelimit.Per(1, 90*time.Minute), "1/1h30m"},
		{"1/1h0m1s", ratelimit.Per(1, time.Hour+time.Second), ""},
		{"1/1.5s", ratelimit.Per(1, 1500*time.Millisecond), ""},
		{"1/1s", ratelimit.Per(1, time.Second), "1/s"},
		{"1/60s", ratelimit.Per(1, time.Minute), "1/m"},
		{"1/60m", ratelimit.Per(1, time.Hour), "1/h"},
		{"1/24h", ratelimit.Per(1, day), "1/d"},
		{"1/36h", ratelimit.Per(1, 36*time.Hour), ""},
		{"1/10m", ratelimit.Per(1, 10*time.Minute), ""},
		{"1/20h", ratelimit.Per(1, 20*time.Hour), ""},
		{"10/365d", ratelimit.Per(10, 365*day), ""},
		{"007/s", ratelimit.Per(7, time.Second), "7/s"},
	}
	for _, test := range tests {
		var got ratelimit.Rate
		if err := got.UnmarshalText([]byte(test.text)); err != nil || got != test.want {
			t.Errorf("UnmarshalText(%s) = %+v, %v; want %+v", test.text, got, err, test.want)
			continue
		}
		back, want := got.String(), test.back
		if want == "" {
			want = test.text
		}
		if back != want {
			t.Errorf("%s is written as %s, want %s", test.text, back, want)
		}
	}
}

func TestRateTextRefused(t *testing.T) {
	tests := map[string]string{ // text: a part of what the error says
		"":                        "want a count, a slash and a period",
		"100":                     "want a count, a slash and a period",
		"100 per second":          "want a count, a slash and a period",
		"/s":                      "want a whole number of calls before the slash",
		"-1/s":                    "want a whole number of calls before the slash",
		"+1/s":                    "want a whole number of calls before the slash",
		" 1/s":                    "want a whole number of calls before the slash",
		"1 /s":                    "want a whole number of calls before the slash",
		"1.5/s":                   "want a whole number of calls before the slash",
		"1e3/s":                   "want a whole number of calls before the slash",
		"99999999999999999999/s":  "want a whole number of calls before the slash",
		"1/":                      "want a unit of time",
		"1/ s":                    "want a unit of time",
		"1/second":                "want a unit of time",
		"1/S":                     "want a unit of time",
		"1/10":                    "want a unit of time",
		"1/-1s":                   "want a unit of time",
		"1/+1s":                   "want a unit of time",
		"1/.5s":                   "want a unit of time",
		"1/1.5d":                  "want a unit of time",
		"1/1d12h":                 "want a unit of time",
		"1/s/s":                   "want a unit of time",
		"1/99999999999999999999d": "want a unit of time",
		"1/106752d":               "want a unit of time",
		"1/13141d":                "want a unit of time",
		"0/s":                     "want a count above zero",
		"1/0s":                    "want a period above zero",
		"1/0d":                    "want a period above zero",
		"2/ns":                    "want no more than one call a nanosecond",
		"1/320000h":               "want a period of less than 36 years",
		"100/s\n":                 "want a unit of time",
	}
	for text, want := range tests {
		rate := ratelimit.Per(7, time.Minute)
		err := rate.UnmarshalText([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "ratelimit: ") {
			t.Errorf("UnmarshalText(%q) = %v, want an error that says %q", text, err, want)
		}
		if rate != ratelimit.Per(7, time.Minute) {
			t.Errorf("UnmarshalText(%q) changed the rate to %v", text, rate)
		}
	}
}

func TestRateInJSON(t *testing.T) {
	type config struct{ Rate ratelimit.Rate }
	text, err := json.Marshal(config{ratelimit.Per(5, 10*time.Second)})
	if err != nil || string(text) != `{"Rate":"5/10s"}` {
		t.Errorf("a rate in JSON is %s, %v", text, err)
	}
	var back config
	if err := json.Unmarshal(text, &back); err != nil || back.Rate != ratelimit.Per(5, 10*time.Second) {
		t.Errorf("%s reads back as %v, %v", text, back.Rate, err)
	}
	if text, err := json.Marshal(config{}); err == nil {
		t.Errorf("no rate in JSON is %s, want an error", text)
	}
}

func TestStringOfNoRate(t *testing.T) {
	for _, test := range []struct {
		rate ratelimit.Rate
		want string
	}{
		{ratelimit.Rate{}, "0/0s"},
		{ratelimit.Per(-3, time.Second), "-3/s"},
		{ratelimit.Per(3, -time.Second), "3/-1s"},
	} {
		if got := test.rate.String(); got != test.want {
			t.Errorf("String = %s, want %s", got, test.want)
		}
	}
}

func FuzzRate(f *testing.F) {
	for _, text := range []string{"100/s", "5/10s", "1/1h30m", "7/2d", "0/s", "1.5/s", "/", "9/µs", "1/1.5s"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var rate ratelimit.Rate
		if rate.UnmarshalText([]byte(text)) != nil {
			return
		}
		if rate.Count <= 0 || rate.Period <= 0 {
			t.Fatalf("%q is read as %d in %d ns", text, rate.Count, rate.Period)
		}
		written, err := rate.MarshalText()
		if err != nil {
			t.Fatalf("%q is read as %v, which cannot be written: %v", text, rate, err)
		}
		var back ratelimit.Rate
		if err := back.UnmarshalText(written); err != nil || back != rate {
			t.Fatalf("%q is written as %q and reads back as %v, %v", text, written, back, err)
		}
		// What can be read can be used.
		if err := (ratelimit.Config{Rate: rate, Burst: 1}).Validate(); err != nil && rate.Period < math.MaxInt64/32 {
			t.Fatalf("%q: %v", text, err)
		}
	})
}
