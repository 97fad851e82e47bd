package retry_test

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay-go/backstay/internal/bubble"
	"github.com/backstay-go/backstay/retry"
)

func TestTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		budget := retry.NewBudget(retry.BudgetConfig{})
		policy := &retry.Policy{Budget: budget}
		if got := budget.Tokens(); got != 1 {
			t.Errorf("a new budget holds %v tokens, want 1", got)
		}
		for range 1000 {
			_ = policy.Do(t.Context(), (&script{}).run)
			bubble.Advance(10 * time.Millisecond)
		}
		if got := budget.Tokens(); got < 195 || got > 205 {
			t.Errorf("1000 successes in 10 s leave %v tokens, want about 200", got)
		}
		bubble.Advance(time.Minute)
		if got := budget.Tokens(); got > 2 {
			t.Errorf("a minute later %v tokens are left, want the floor of about 1", got)
		}
	})
}

func TestBudgetIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		budget := retry.NewBudget(retry.BudgetConfig{})
		first, second := &retry.Policy{Budget: budget}, &retry.Policy{Budget: budget}
		_ = first.Do(t.Context(), (&script{errs: down(9)}).run)
		op := &script{errs: down(9)}
		_ = second.Do(t.Context(), op.run)
		if op.calls != 1 {
			t.Errorf("the second policy made %d attempts, want 1: the first took the token", op.calls)
		}
	})
}

func TestRetryThatSucceedsIsFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		budget := retry.NewBudget(retry.BudgetConfig{})
		policy := &retry.Policy{Budget: budget, Backoff: retry.Constant{}}
		for range 100 {
			op := &script{errs: down(1)}
			if err := policy.Do(t.Context(), op.run); err != nil || op.calls != 2 {
				t.Fatalf("Do = %v after %d attempts, want nil after 2", err, op.calls)
			}
		}
		if got := budget.Tokens(); got < 1 {
			t.Errorf("the budget holds %v tokens, want at least the one it began with", got)
		}
	})
}

func TestFloor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		policy := &retry.Policy{Budget: retry.NewBudget(retry.BudgetConfig{MinPerSecond: 5}), Backoff: retry.Constant{}}
		retries := 0
		for range 60 * 100 {
			op := &script{errs: down(1)}
			_ = policy.Do(t.Context(), op.run)
			retries += op.calls - 1
			bubble.Advance(10 * time.Millisecond)
		}
		if retries < 60*5 {
			t.Errorf("a minute allows %d retries, want at least 5 a second", retries)
		}
	})
}

func TestBudgetConfigValidate(t *testing.T) {
	good := []retry.BudgetConfig{{}, {Ratio: 1000}, {Window: time.Millisecond}, {Window: 24 * time.Hour}, {MinPerSecond: 0.1}, {Window: time.Second, MinPerSecond: 1}}
	for _, c := range good {
		if err := c.Validate(); err != nil {
			t.Errorf("%+v: %v, want it to be valid", c, err)
		}
		retry.NewBudget(c)
	}
	bad := map[string]retry.BudgetConfig{
		"retry: Budget Ratio is -1: want retries per success, from 0 to 1000":            {Ratio: -1},
		"retry: Budget Ratio is NaN: want retries per success, from 0 to 1000":           {Ratio: math.NaN()},
		"retry: Budget Window is 1ns: want from 1ms to 24h0m0s":                          {Window: 1},
		"retry: Budget MinPerSecond is 0.05: want from 0.1 (one for each Window) to 1e6": {MinPerSecond: 0.05},
		"retry: Budget MinPerSecond is -3: want from 1 (one for each Window) to 1e6":     {Window: time.Second, MinPerSecond: -3},
	}
	for want, c := range bad {
		if err := c.Validate(); err == nil || err.Error() != want {
			t.Errorf("Validate = %v, want %s", err, want)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("NewBudget took a negative ratio")
		}
	}()
	retry.NewBudget(retry.BudgetConfig{Ratio: -1})
}
