package ratelimit

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Rate is a number of calls in a period. It is exact: both are whole numbers,
// and neither is ever divided by the other.
type Rate struct {
	// Count is how many calls: above zero, and no more than one a nanosecond.
	Count int64
	// Period is the time for which Count is meant, above zero.
	Period time.Duration
}

// Per returns the rate of count calls in each period: Per(100, time.Second).
func Per(count int64, period time.Duration) Rate { return Rate{Count: count, Period: period} }

// day is the longest unit of a rate. It is 24 hours, whatever the clocks on the
// wall do.
const day = 24 * time.Hour

// units are the periods that may stand alone behind the slash.
var units = map[string]time.Duration{
	"ns": time.Nanosecond, "us": time.Microsecond, "µs": time.Microsecond, "ms": time.Millisecond,
	"s": time.Second, "m": time.Minute, "h": time.Hour, "d": day,
}

// String returns r as [Rate.UnmarshalText] reads it: "100/s", "5/10s" or "1/d".
func (r Rate) String() string {
	return strconv.FormatInt(r.Count, 10) + "/" + periodText(r.Period)
}

func periodText(d time.Duration) string {
	text := d.String()
	if d >= day && d%day == 0 {
		text = strconv.FormatInt(int64(d/day), 10) + "d"
	}
	for _, zero := range [...]string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-len("0s")]
		}
	}
	if unit := strings.TrimPrefix(text, "1"); units[unit] == d && d > 0 {
		return unit
	}
	return text
}

// MarshalText returns what [Rate.String] does, or an error if r is not a rate.
func (r Rate) MarshalText() ([]byte, error) {
	if problem := r.problem(); problem != "" {
		return nil, fmt.Errorf("ratelimit: %v is no rate: want %s", r, problem)
	}
	return []byte(r.String()), nil
}

// UnmarshalText reads a rate: a count, a slash, and a unit of time (ns, us, ms,
// s, m, h, d) or a duration, as in "100/s", "1000/h", "5/10s", "1/1h30m" or
// "7/2d". A day is 24 hours. Nothing else is accepted: no spaces, no signs, no
// fractions of a call. On an error r is left as it was.
func (r *Rate) UnmarshalText(text []byte) error {
	rate, err := parse(string(text))
	if err != nil {
		return fmt.Errorf("ratelimit: %q is no rate: %w, such as 100/s, 5/10s or 1000/h", text, err)
	}
	*r = rate
	return nil
}

func parse(text string) (Rate, error) {
	count, period, found := strings.Cut(text, "/")
	if !found {
		return Rate{}, errors.New("want a count, a slash and a period")
	}
	n, ok := parseCount(count)
	if !ok {
		return Rate{}, errors.New("want a whole number of calls before the slash")
	}
	d, ok := parsePeriod(period)
	if !ok {
		return Rate{}, errors.New("want a unit of time (ns, us, ms, s, m, h, d) or a duration behind the slash")
	}
	r := Per(n, d)
	if problem := r.problem(); problem != "" {
		return Rate{}, errors.New("want " + problem)
	}
	return r, nil
}

// parseCount reads digits and nothing else.
func parseCount(text string) (n int64, ok bool) {
	if !startsWithDigit(text) {
		return 0, false // ParseInt would take a sign
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

// parsePeriod reads a unit, a number of days, or a duration.
func parsePeriod(text string) (d time.Duration, ok bool) {
	if unit, found := units[text]; found {
		return unit, true
	}
	if !startsWithDigit(text) {
		return 0, false // ParseDuration would take a sign
	}
	if days, found := strings.CutSuffix(text, "d"); found {
		n, ok := parseCount(days)
		return time.Duration(n) * day, ok && n <= int64(longest/day)
	}
	d, err := time.ParseDuration(text)
	return d, err == nil
}

func startsWithDigit(text string) bool { return text != "" && text[0] >= '0' && text[0] <= '9' }

// longest is the longest time that a limit can be about.
const longest = 36 * 365 * day

// problem says what r ought to be, or nothing if it is that.
func (r Rate) problem() string {
	switch {
	case r.Count <= 0:
		return "a count above zero"
	case r.Period <= 0:
		return "a period above zero"
	case r.Count > int64(r.Period):
		return "no more than one call a nanosecond"
	case r.Period > longest:
		return "a period of less than 36 years"
	}
	return ""
}
