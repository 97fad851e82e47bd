package retry_test

import (
	"context"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay-go/backstay/event"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/bubble"
	"github.com/backstay-go/backstay/retry"
)

var errDown = errors.New("connection refused")

// script is an operation that returns its errors in turn, and then nil.
type script struct {
	errs  []error
	calls int
	took  time.Duration // how long each call takes
}

func (s *script) run(ctx context.Context) error {
	s.calls++
	if s.took > 0 {
		bubble.Advance(s.took)
	}
	if s.calls > len(s.errs) {
		return nil
	}
	return s.errs[s.calls-1]
}

func down(n int) []error {
	errs := make([]error, n)
	for i := range errs {
		errs[i] = errDown
	}
	return errs
}

func TestAttempts(t *testing.T) {
	permanent := retry.Permanent(errDown)
	tests := []struct {
		name   string
		policy *retry.Policy
		errs   []error
		calls  int
		want   []error // what the error matches; none means success
		not    []error // what it does not match
	}{
		{name: "success", policy: &retry.Policy{}, calls: 1},
		{name: "nil policy", errs: down(1), calls: 1, want: []error{errDown}, not: []error{retry.ErrExhausted}},
		{name: "one failure", policy: &retry.Policy{}, errs: down(1), calls: 2},
		{name: "default attempts", policy: &retry.Policy{Budget: retry.NoBudget}, errs: down(9), calls: 3, want: []error{errDown, retry.ErrExhausted}},
		{name: "five attempts", policy: &retry.Policy{MaxAttempts: 5, Budget: retry.NoBudget}, errs: down(9), calls: 5, want: []error{errDown, retry.ErrExhausted}},
		{name: "one attempt", policy: &retry.Policy{MaxAttempts: 1}, errs: down(9), calls: 1, want: []error{errDown}, not: []error{retry.ErrExhausted}},
		{name: "unlimited", policy: &retry.Policy{MaxAttempts: retry.Unlimited, Budget: retry.NoBudget}, errs: down(50), calls: 51},
		{name: "permanent", policy: &retry.Policy{}, errs: []error{permanent}, calls: 1, want: []error{errDown, retry.ErrPermanent}},
		{name: "refused", policy: &retry.Policy{}, errs: []error{&gate.RejectedError{Reason: errDown}}, calls: 1, want: []error{gate.ErrRejected}},
		{name: "cancelled by the operation", policy: &retry.Policy{}, errs: []error{context.Canceled}, calls: 1, want: []error{context.Canceled}},
		{name: "deadline of the attempt", policy: &retry.Policy{}, errs: []error{context.DeadlineExceeded}, calls: 2},
		{
			name:   "own predicate",
			policy: &retry.Policy{Retryable: func(err error) bool { return err == io.EOF }},
			errs:   []error{io.EOF, errDown}, calls: 2, want: []error{errDown},
		},
		{
			name:   "permanent wins over the predicate",
			policy: &retry.Policy{Retryable: func(error) bool { return true }},
			errs:   []error{permanent}, calls: 1, want: []error{errDown},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				op := &script{errs: test.errs}
				err := test.policy.Do(t.Context(), op.run)
				if op.calls != test.calls {
					t.Errorf("the operation ran %d times, want %d", op.calls, test.calls)
				}
				if (err == nil) != (len(test.want) == 0) {
					t.Errorf("Do = %v, want an error that matches %v", err, test.want)
				}
				for _, want := range test.want {
					if !errors.Is(err, want) {
						t.Errorf("Do = %v, want it to match %q", err, want)
					}
				}
				for _, not := range test.not {
					if errors.Is(err, not) {
						t.Errorf("Do = %v, want it not to match %q", err, not)
					}
				}
			})
		})
	}
}

func TestResult(t *testing.T) {
	got, err := retry.Do(t.Context(), nil, func(context.Context) (string, error) { return "it", nil })
	if got != "it" || err != nil {
		t.Errorf("Do = %q, %v; want it, nil", got, err)
	}
}

func TestEndedContextRunsNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, policy := range []*retry.Policy{nil, {}} {
		op := &script{}
		if err := policy.Do(ctx, op.run); err != context.Canceled || op.calls != 0 {
			t.Errorf("Do = %v after %d calls; want context.Canceled after none", err, op.calls)
		}
	}
}

func TestContextEndsDuringWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		budget := retry.NewBudget(retry.BudgetConfig{})
		policy := &retry.Policy{Backoff: retry.Constant{Wait: time.Minute, Jitter: retry.NoJitter}, Budget: budget}
		op := &script{errs: down(9)}
		err := policy.Do(ctx, op.run)
		if !errors.Is(err, context.Canceled) || !errors.Is(err, errDown) || op.calls != 1 {
			t.Errorf("Do = %v after %d calls; want both errors after one", err, op.calls)
		}
		if got := budget.Tokens(); got < 1 {
			t.Errorf("the budget holds %v tokens, want the one of the retry that never ran", got)
		}
	})
}

func TestWaitBeyondDeadlineFailsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		policy := &retry.Policy{Backoff: retry.Constant{Wait: time.Minute, Jitter: retry.NoJitter}}
		begun := time.Now()
		if err := policy.Do(ctx, (&script{errs: down(9)}).run); err != errDown {
			t.Errorf("Do = %v, want the operation's own error", err)
		}
		if waited := time.Since(begun); waited != 0 {
			t.Errorf("Do waited %v, want 0", waited)
		}
	})
}

// Once the policy knows how long an attempt takes, it does not begin one that
// the deadline will cut short.
func TestTypicalAttemptMustFitDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		policy := &retry.Policy{Backoff: retry.Constant{}, Budget: retry.NoBudget}
		slow := &script{errs: down(1), took: 400 * time.Millisecond}
		if err := policy.Do(t.Context(), slow.run); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
		defer cancel()
		slow = &script{errs: down(9), took: 400 * time.Millisecond}
		if err := policy.Do(ctx, slow.run); err != errDown || slow.calls != 1 {
			t.Errorf("Do = %v after %d calls; want the first error: 300 ms are too few for a second", err, slow.calls)
		}
	})
}

func TestMaxElapsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		policy := &retry.Policy{
			MaxAttempts: retry.Unlimited,
			MaxElapsed:  10 * time.Second,
			Backoff:     retry.Constant{Wait: 3 * time.Second, Jitter: retry.NoJitter},
			Budget:      retry.NoBudget,
		}
		err := policy.Do(t.Context(), (&script{errs: down(99)}).run)
		exhausted, ok := errors.AsType[*retry.ExhaustedError](err)
		if !ok || exhausted.Attempts != 4 || exhausted.Elapsed != 9*time.Second {
			t.Errorf("Do = %+v; want four attempts, at 0, 3, 6 and 9 s", err)
		}
	})
}

func TestRetryAfterIsAFloor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, asked := range []time.Duration{0, time.Second, time.Minute} {
			policy := &retry.Policy{Budget: retry.NoBudget}
			begun := time.Now()
			op := &script{errs: []error{retry.After(errDown, asked)}}
			if err := policy.Do(t.Context(), op.run); err != nil {
				t.Fatal(err)
			}
			if waited := time.Since(begun); waited < asked || waited > max(asked, retry.DefaultBase) {
				t.Errorf("Do waited %v, want at least the %v the server asked for", waited, asked)
			}
		}
	})
}

func TestRetryAfterBeyondAnyDeadline(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	op := &script{errs: []error{retry.After(errDown, 1<<63-1)}}
	if err := (&retry.Policy{}).Do(ctx, op.run); !errors.Is(err, errDown) || op.calls != 1 {
		t.Errorf("Do = %v after %d calls, want the error after one", err, op.calls)
	}
}

type endless struct{}

func (endless) Delay(int, time.Duration, float64) time.Duration { return math.MaxInt64 }

func TestEndlessBackoffDoesNotFit(t *testing.T) {
	const forever = time.Duration(math.MaxInt64)
	for _, backoff := range []retry.Backoff{endless{}, retry.Constant{Wait: forever, Jitter: retry.NoJitter}} {
		synctest.Test(t, func(t *testing.T) {
			op := &script{errs: down(2), took: time.Second}
			p := &retry.Policy{Backoff: backoff, MaxElapsed: time.Minute}
			if err := p.Do(t.Context(), op.run); err != errDown || op.calls != 1 {
				t.Errorf("%T: Do = %v after %d calls, want the error after one", backoff, err, op.calls)
			}
		})
	}
}

func TestEmptyBudgetReturnsTheError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		policy := &retry.Policy{}
		_ = policy.Do(t.Context(), (&script{errs: down(9)}).run) // takes the only token
		begun := time.Now()
		op := &script{errs: down(9)}
		if err := policy.Do(t.Context(), op.run); err != errDown || op.calls != 1 {
			t.Errorf("Do with an empty budget = %v after %d calls; want the operation's own error after one", err, op.calls)
		}
		if waited := time.Since(begun); waited != 0 {
			t.Errorf("Do waited %v, want 0: the budget is asked before the wait", waited)
		}
	})
}

func TestPanicReachesCaller(t *testing.T) {
	defer func() {
		if r := recover(); r != "on purpose" {
			t.Errorf("recovered %v, want the operation's panic", r)
		}
	}()
	_ = (&retry.Policy{}).Do(t.Context(), func(context.Context) error { panic("on purpose") })
}

func TestObserver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events []event.Event
		policy := &retry.Policy{
			Name:     "users",
			Backoff:  retry.Constant{Wait: time.Second, Jitter: retry.NoJitter},
			Budget:   retry.NoBudget,
			Observer: event.Func(func(_ context.Context, e event.Event) { events = append(events, e); panic("on purpose") }),
		}
		op := &script{errs: down(2), took: time.Second}
		if err := policy.Do(t.Context(), op.run); err != nil {
			t.Fatal(err)
		}
		want := []event.Event{
			{Kind: event.Retrying, Policy: "retry", Name: "users", Attempt: 1, Elapsed: time.Second, Wait: time.Second, Err: errDown},
			{Kind: event.Retrying, Policy: "retry", Name: "users", Attempt: 2, Elapsed: 3 * time.Second, Wait: time.Second, Err: errDown},
		}
		if len(events) != 2 || events[0] != want[0] || events[1] != want[1] {
			t.Errorf("events %+v, want %+v", events, want)
		}
	})
}

func TestOnePolicyManyCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		policy := &retry.Policy{MaxAttempts: 4, Budget: retry.NoBudget}
		var calls sync.WaitGroup
		for range 256 {
			calls.Go(func() {
				op := &script{errs: down(2)}
				if err := policy.Do(t.Context(), op.run); err != nil || op.calls != 3 {
					t.Errorf("Do = %v after %d calls, want nil after 3", err, op.calls)
				}
			})
		}
		calls.Wait()
	})
}

func TestNestedRetriesMultiply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		outer := &retry.Policy{Budget: retry.NoBudget}
		inner := &retry.Policy{Budget: retry.NoBudget}
		op := &script{errs: down(99)}
		_ = outer.Do(t.Context(), func(ctx context.Context) error { return inner.Do(ctx, op.run) })
		if op.calls != 9 {
			t.Errorf("3 attempts of 3 attempts ran the operation %d times, want 9", op.calls)
		}
	})
}

// In an outage retries must not add to the load; with random errors they must
// still work.
func TestAmplification(t *testing.T) {
	const minutes = 10
	tests := []struct {
		perSecond int
		failing   float64
		most      float64 // attempts for each call
		least     float64 // share of calls that succeed
	}{
		{1, 1, 1.10, 0}, {10, 1, 1.02, 0}, {100, 1, 1.01, 0}, {1000, 1, 1.01, 0},
		{100, 0.3, 1.45, 0.99},
	}
	for _, test := range tests {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, 2))
			policy := &retry.Policy{MaxAttempts: 4, Backoff: retry.Constant{}}
			calls, attempts, succeeded := 0, 0, 0
			for range minutes * 60 {
				for range test.perSecond {
					calls++
					err := policy.Do(t.Context(), func(context.Context) error {
						attempts++
						if random.Float64() < test.failing {
							return errDown
						}
						return nil
					})
					if err == nil {
						succeeded++
					}
				}
				bubble.Pause(time.Second)
			}
			if got := float64(attempts) / float64(calls); got > test.most {
				t.Errorf("%d/s with %.0f %% failing: %.3f attempts for each call, want at most %v", test.perSecond, 100*test.failing, got, test.most)
			}
			if got := float64(succeeded) / float64(calls); got < test.least {
				t.Errorf("%d/s with %.0f %% failing: %.4f of calls succeed, want at least %v", test.perSecond, 100*test.failing, got, test.least)
			}
		})
	}
}

func TestValidate(t *testing.T) {
	good := []*retry.Policy{
		nil, {}, {MaxAttempts: retry.Unlimited}, {Backoff: retry.Constant{}},
		{Backoff: retry.Exponential{Base: time.Minute}}, {Backoff: retry.Decorrelated{Base: 1, Max: 1}},
	}
	for _, p := range good {
		if err := p.Validate(); err != nil {
			t.Errorf("Validate = %v, want nil", err)
		}
	}
	bad := map[string]*retry.Policy{
		"retry: MaxAttempts is -1: want at least 1, or 0 for the default, 3": {MaxAttempts: -1},
		"retry: MaxElapsed is -1s: want above zero, or 0 for no bound":       {MaxElapsed: -time.Second},
		"retry: Base is -1ns: want none below zero":                          {Backoff: retry.Exponential{Base: -1}},
		"retry: Max is 1s: want at least Base (2s)":                          {Backoff: retry.Decorrelated{Base: 2 * time.Second, Max: time.Second}},
		"retry: Factor is 0.5: want from 1 to 1000":                          {Backoff: retry.Exponential{Factor: 0.5}},
		"retry: Wait is -1s: want none below zero":                           {Backoff: retry.Constant{Wait: -time.Second}},
		"retry: Jitter is 3: want FullJitter, EqualJitter or NoJitter":       {Backoff: retry.Constant{Jitter: 3}},
	}
	for want, p := range bad {
		if err := p.Validate(); err == nil || err.Error() != want {
			t.Errorf("Validate = %v, want %s", err, want)
		}
	}
}

func TestAllocs(t *testing.T) {
	policy := &retry.Policy{}
	ctx := t.Context()
	sum := 0
	got := testing.AllocsPerRun(1000, func() {
		n, _ := retry.Do(ctx, policy, func(context.Context) (int, error) { return 1, nil })
		sum += n
	})
	if got != 0 {
		t.Errorf("a call that succeeds at once makes %v allocations, want 0", got)
	}
	if sum == 0 {
		t.Error("nothing ran")
	}
}
