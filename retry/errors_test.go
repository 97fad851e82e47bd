package retry_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/retry"
)

func TestMarks(t *testing.T) {
	if retry.Permanent(nil) != nil || retry.After(nil, time.Second) != nil {
		t.Error("a mark of nil is not nil")
	}
	for _, err := range []error{retry.Permanent(errDown), retry.After(errDown, time.Second)} {
		if !errors.Is(err, errDown) || err.Error() != errDown.Error() {
			t.Errorf("%T: %q, want it to match and read %q", err, err, errDown)
		}
	}
}

func TestRetryable(t *testing.T) {
	tests := []struct {
		err  error
		want bool
	}{
		{nil, false},
		{errDown, true},
		{retry.After(errDown, time.Second), true},
		{context.DeadlineExceeded, true},
		{context.Canceled, false},
		{fmt.Errorf("get: %w", context.Canceled), false},
		{retry.Permanent(errDown), false},
		{fmt.Errorf("get: %w", retry.Permanent(errDown)), false},
		{&gate.RejectedError{Policy: "breaker"}, false},
		{gate.ErrPanicked, false},
	}
	for _, test := range tests {
		if got := retry.Retryable(test.err); got != test.want {
			t.Errorf("Retryable(%v) = %v, want %v", test.err, got, test.want)
		}
	}
}

func TestExhaustedErrorText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		policy := &retry.Policy{
			MaxElapsed: time.Hour,
			Backoff:    retry.Exponential{Jitter: retry.NoJitter},
			Budget:     retry.NoBudget,
		}
		err := policy.Do(t.Context(), (&script{errs: []error{errDown, errors.New("503"), errDown}}).run)
		tests := map[string]string{
			"%v": "3 attempts failed, last: connection refused",
			"%s": "3 attempts failed, last: connection refused",
			"%q": `"3 attempts failed, last: connection refused"`,
			"%+v": "3 attempts failed in 300ms\n" +
				"  attempt 1: connection refused; waited 100ms\n" +
				"  attempt 2: 503; waited 200ms\n" +
				"  attempt 3: connection refused",
		}
		for format, want := range tests {
			if got := fmt.Sprintf(format, err); got != want {
				t.Errorf("%s gives %s\nwant %s", format, got, want)
			}
		}
	})
}

// Fewer attempts than the policy allows look like a bug unless the error says
// why.
func TestExhaustedErrorSaysWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		soon, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		minute := retry.Constant{Wait: time.Minute, Jitter: retry.NoJitter}
		tests := []struct {
			ctx    context.Context
			policy *retry.Policy
			want   string
		}{
			{soon, &retry.Policy{Backoff: minute, Budget: retry.NoBudget}, "connection refused"},
			{t.Context(), &retry.Policy{}, "2 attempts failed (retry budget empty), last: connection refused"},
			{t.Context(), &retry.Policy{MaxElapsed: 90 * time.Second, Backoff: minute, Budget: retry.NoBudget}, "2 attempts failed (no time for another), last: connection refused"},
		}
		for _, test := range tests {
			if err := test.policy.Do(test.ctx, (&script{errs: down(9)}).run); err == nil || err.Error() != test.want {
				t.Errorf("Do = %v, want %s", err, test.want)
			}
		}
	})
}

func TestHistoryIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		policy := &retry.Policy{MaxAttempts: 1000, Budget: retry.NoBudget}
		text := fmt.Sprintf("%+v", policy.Do(t.Context(), (&script{errs: down(1000)}).run))
		if lines := strings.Count(text, "\n"); lines != 17 || !strings.Contains(text, "the first 984 are not kept") || !strings.Contains(text, "attempt 1000:") {
			t.Errorf("the history of 1000 attempts reads\n%s\nwant the last 16", text)
		}
	})
}

func TestExhaustedByTimeout(t *testing.T) {
	for err, want := range map[error]bool{context.DeadlineExceeded: true, errDown: false} {
		exhausted := &retry.ExhaustedError{Attempts: 2, Err: fmt.Errorf("get: %w", err)}
		if got := exhausted.Timeout(); got != want {
			t.Errorf("Timeout() of %v = %v, want %v", exhausted, got, want)
		}
	}
}
