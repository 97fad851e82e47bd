package gate_test

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/backstay-go/backstay/gate"
)

func TestRejectedErrorText(t *testing.T) {
	tests := []struct {
		err  gate.RejectedError
		want string
	}{
		{gate.RejectedError{Policy: "breaker"}, `breaker`},
		{gate.RejectedError{Policy: "breaker", Reason: errShut}, `breaker: shut`},
		{gate.RejectedError{Policy: "breaker", Name: "users", Reason: errShut}, `breaker "users": shut`},
		{gate.RejectedError{Policy: "breaker", Name: "users", Reason: errShut, After: 2 * time.Second}, `breaker "users": shut, retry after 2s`},
	}
	for _, test := range tests {
		if got := test.err.Error(); got != test.want {
			t.Errorf("Error() = %s, want %s", got, test.want)
		}
	}
}

func TestRejectedErrorRoundsAfterForReading(t *testing.T) {
	for after, want := range map[time.Duration]string{
		1:                          "1ns",
		999:                        "999ns",
		1001:                       "1.01µs",
		233_333_334:                "234ms",
		999_000_001:                "1s",
		1_000_000_001:              "1.01s",
		5_368_709_120:              "5.37s",
		59_900_000_001:             "1m0s",
		90 * time.Second:           "1m30s",
		200*time.Second + 1:        "3m21s",
		72*time.Hour + time.Second: "72h0m1s",
		math.MaxInt64:              time.Duration(math.MaxInt64).String(),
	} {
		err := &gate.RejectedError{Policy: "breaker", After: after}
		if got, want := err.Error(), "breaker, retry after "+want; got != want {
			t.Errorf("After of %v reads %q, want %q", after, got, want)
		}
		if got, _ := err.RetryAfter(); got != after || err.After != after {
			t.Errorf("RetryAfter = %v once it was read, want %v", got, after)
		}
	}
}

func TestRejectedErrorMatches(t *testing.T) {
	err := fmt.Errorf("list users: %w", &gate.RejectedError{Policy: "breaker", Reason: errShut, After: time.Second})
	for _, target := range []error{gate.ErrRejected, errShut} {
		if !errors.Is(err, target) {
			t.Errorf("errors.Is(%q, %q) = false, want true", err, target)
		}
	}
	rejected, ok := errors.AsType[*gate.RejectedError](err)
	if !ok {
		t.Fatalf("%q holds no *RejectedError", err)
	}
	if after, known := rejected.RetryAfter(); after != time.Second || !known {
		t.Errorf("RetryAfter() = %v, %v; want 1s, true", after, known)
	}
}
