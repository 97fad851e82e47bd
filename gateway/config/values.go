package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Duration is a time such as 1.5s or 100ms in a file.
type Duration time.Duration

// UnmarshalText reads what time.ParseDuration reads.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration: write a number with a unit, such as 1.5s, 100ms or 5m", text)
	}
	if parsed < 0 {
		return fmt.Errorf("%q is below zero: write a duration such as 1.5s", text)
	}
	*d = Duration(parsed)
	return nil
}

// MarshalText writes d as time.Duration does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// String returns d as time.Duration does.
func (d Duration) String() string { return time.Duration(d).String() }

// Size is a number of bytes, such as 10MiB in a file.
type Size int64

var sizeUnits = []struct {
	name  string
	bytes Size
}{
	{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
	{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"KB", 1e3}, {"B", 1},
}

// UnmarshalText reads a number with a unit, such as 10MiB; a number without one
// counts bytes.
func (s *Size) UnmarshalText(text []byte) error {
	number, unit := string(text), Size(1)
	for _, u := range sizeUnits {
		if digits, ok := strings.CutSuffix(number, u.name); ok {
			number, unit = strings.TrimSpace(digits), u.bytes
			break
		}
	}
	value, err := strconv.ParseFloat(number, 64)
	if err != nil || !(value >= 0 && value*float64(unit) < math.MaxInt64) {
		return fmt.Errorf("%q is not a size: write a number with a unit, such as 64KiB or 10MiB", text)
	}
	*s = Size(value * float64(unit))
	return nil
}

// MarshalText writes s with the largest unit that divides it.
func (s Size) MarshalText() ([]byte, error) {
	for _, u := range sizeUnits[:4] {
		if s >= u.bytes && s%u.bytes == 0 {
			return fmt.Appendf(nil, "%d%s", s/u.bytes, u.name), nil
		}
	}
	return fmt.Appendf(nil, "%dB", int64(s)), nil
}
