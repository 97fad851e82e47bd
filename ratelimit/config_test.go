package ratelimit_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/backstay-go/backstay/ratelimit"
)

var perSecond = ratelimit.Per(100, time.Second)

func TestValidate(t *testing.T) {
	const noRate = "ratelimit: Rate is 0/0s: want a count above zero, such as Per(100, time.Second)"
	quota := ratelimit.Quota{Rate: perSecond}
	tests := []struct {
		config ratelimit.Config
		want   []string
	}{
		{ratelimit.Config{Rate: perSecond}, nil},
		{ratelimit.Config{Name: "users", Rate: perSecond, Burst: 1 << 30, MaxWait: time.Hour, MaxKeys: 1 << 28}, nil},
		{ratelimit.Config{Rate: ratelimit.Per(1e9, time.Second)}, nil},
		{ratelimit.Config{Rate: ratelimit.Per(1, 30*24*time.Hour), And: []ratelimit.Quota{quota, quota, quota}}, nil},
		{ratelimit.Config{}, []string{noRate}},
		{ratelimit.Config{Rate: ratelimit.Per(1, 0)}, []string{
			"ratelimit: Rate is 1/0s: want a period above zero, such as Per(100, time.Second)",
		}},
		{ratelimit.Config{Rate: ratelimit.Per(2e9, time.Second)}, []string{
			"ratelimit: Rate is 2000000000/s: want no more than one call a nanosecond, such as Per(100, time.Second)",
		}},
		{ratelimit.Config{Rate: ratelimit.Per(1, 1<<62)}, []string{
			"ratelimit: Rate is 1/1281023h53m38.427387904s: want a period of less than 36 years, such as Per(100, time.Second)",
		}},
		{ratelimit.Config{Rate: ratelimit.Per(1, time.Hour), Burst: 1 << 20}, []string{
			"ratelimit: Burst is 1048576: want one that 1/h refills in less than 36 years",
		}},
		{ratelimit.Config{Rate: perSecond, And: []ratelimit.Quota{quota, quota, quota, quota}}, []string{
			"ratelimit: And has 4 limits: want 3 at most",
		}},
		{ratelimit.Config{Burst: -1, And: []ratelimit.Quota{{Burst: -2}, {Rate: perSecond, Burst: -3}}, MaxWait: -time.Second, MaxKeys: -4}, []string{
			noRate,
			"ratelimit: Burst is -1: want a number of calls up to 1099511627776, or 0 for Rate.Count",
			"ratelimit: And[0].Rate is 0/0s: want a count above zero, such as Per(100, time.Second)",
			"ratelimit: And[0].Burst is -2: want a number of calls up to 1099511627776, or 0 for Rate.Count",
			"ratelimit: And[1].Burst is -3: want a number of calls up to 1099511627776, or 0 for Rate.Count",
			"ratelimit: MaxWait is -1s: want a duration up to 315360h0m0s, or 0 to refuse at once",
			"ratelimit: MaxKeys is -4: want a number of keys up to 268435456, or 0 for the default",
		}},
	}
	for _, test := range tests {
		err := test.config.Validate()
		if got, want := fmt.Sprint(err), strings.Join(test.want, "\n"); got != want && (err != nil || want != "") {
			t.Errorf("Validate of %+v = %s\nwant %s", test.config, got, want)
		}
	}
}

// What Validate accepts, New and NewKeyed can do.
func TestExtremes(t *testing.T) {
	for _, c := range []ratelimit.Config{
		{Rate: ratelimit.Per(1e9, time.Second), MaxWait: 24 * time.Hour},
		{Rate: ratelimit.Per(1, 35*365*24*time.Hour), MaxWait: 35 * 365 * 24 * time.Hour},
		{Rate: ratelimit.Per(1e9, time.Second), Burst: 1 << 40},
		{Rate: ratelimit.Per(1<<40, 1<<50), Burst: 1 << 40},
	} {
		c.MaxKeys = 1
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
		burst := ratelimit.New(c).Status().Limit
		if err := ratelimit.New(c).AllowN(burst); err != nil {
			t.Errorf("%v, burst %d: a limiter refuses its burst: %v", c.Rate, burst, err)
		}
		keys := ratelimit.NewKeyed[int](c)
		if err := keys.AllowN(1, burst); err != nil {
			t.Errorf("%v, burst %d: a key is refused its burst: %v", c.Rate, burst, err)
		}
		if c.Rate.Count == 1 && keys.Allow(1) {
			t.Errorf("%v, burst %d: a key is admitted beyond its burst", c.Rate, burst)
		}
	}
}

func TestInvalidConfigs(t *testing.T) {
	bad := ratelimit.Config{Burst: -1}
	want := bad.Validate().Error()
	for name, use := range map[string]func(){
		"New":      func() { ratelimit.New(bad) },
		"NewKeyed": func() { ratelimit.NewKeyed[string](bad) },
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); got != want {
					t.Errorf("%s panicked with %q, want %q", name, got, want)
				}
			}()
			use()
		}()
	}
	good := ratelimit.Config{Rate: perSecond}
	if got := fmt.Sprint(ratelimit.New(good).Update(bad)); got != want {
		t.Errorf("Update = %q, want %q", got, want)
	}
	if got := fmt.Sprint(ratelimit.NewKeyed[string](good).Update(bad)); got != want {
		t.Errorf("Update of keys = %q, want %q", got, want)
	}
}

// What the documentation says of zeros is what they do.
func TestDefaults(t *testing.T) {
	if got := ratelimit.New(ratelimit.Config{Rate: perSecond}).Status().Limit; got != 100 {
		t.Errorf("100/s admits %d at once, want 100", got)
	}
	snapshot := ratelimit.NewKeyed[int](ratelimit.Config{Rate: perSecond}).Snapshot()
	if snapshot.MaxKeys != ratelimit.DefaultMaxKeys {
		t.Errorf("there is room for %d keys, want %d", snapshot.MaxKeys, ratelimit.DefaultMaxKeys)
	}
	source, err := os.ReadFile("config.go")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(strings.ReplaceAll(string(source), "//", "")), " ")
	for _, want := range []string{
		fmt.Sprintf("DefaultMaxKeys (%d) is used", ratelimit.DefaultMaxKeys),
		fmt.Sprintf("%.1f MB", float64(snapshot.Bytes)/1e6),
		fmt.Sprintf("Each takes %d bytes", snapshot.Bytes/snapshot.MaxKeys),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the comments of Config do not say %q", want)
		}
	}
}
