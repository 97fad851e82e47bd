package backstay_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay-go/backstay"
	"github.com/backstay-go/backstay/event"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/bubble"
	"github.com/backstay-go/backstay/retry"
)

// begin starts a call that is admitted.
func begin(t *testing.T, c *backstay.Call, p *backstay.Pipeline) context.Context {
	t.Helper()
	ctx, err := c.Begin(t.Context(), p)
	if err != nil {
		t.Fatalf("Begin = %v, want nil", err)
	}
	return ctx
}

func TestCallHoldsUntilDone(t *testing.T) {
	var log []string
	g := func(name string) *recorder { return &recorder{name: name, log: &log} }
	p := &backstay.Pipeline{
		Admit: []gate.Gate{g("limit")}, Timeout: time.Hour,
		Gates: []gate.Gate{g("bulkhead")}, AttemptTimeout: time.Minute,
	}
	var c backstay.Call
	ctx := begin(t, &c, p)
	permit, _ := g("host").Acquire(ctx)
	c.Hold(permit)
	c.Succeed()
	if want := []string{"acquire limit", "acquire bulkhead", "acquire host"}; !slices.Equal(log, want) {
		t.Errorf("before Done %q, want %q", log, want)
	}
	if ctx.Err() != nil {
		t.Errorf("the context has ended before Done: %v", ctx.Err())
	}
	if err := c.Done(nil); err != nil {
		t.Errorf("Done = %v, want nil", err)
	}
	if want := []string{"release host", "release bulkhead", "release limit"}; !slices.Equal(log[3:], want) {
		t.Errorf("after Done %q, want %q", log[3:], want)
	}
	if ctx.Err() != context.Canceled {
		t.Errorf("after Done the context's error is %v, want context.Canceled", ctx.Err())
	}
}

func TestDoneTwice(t *testing.T) {
	g := &recorder{}
	var c backstay.Call
	begin(t, &c, &backstay.Pipeline{Admit: []gate.Gate{g}, Gates: []gate.Gate{g}})
	_ = c.Done(errDown)
	if err := c.Done(errFull); err != errFull {
		t.Errorf("the second Done = %v, want its argument", err)
	}
	if want := []error{errDown, errDown}; !slices.Equal(g.told, want) {
		t.Errorf("the gates were told %v, want %v", g.told, want)
	}
	var never backstay.Call
	if err := never.Done(nil); err != nil {
		t.Errorf("Done of a call that never began = %v, want nil", err)
	}
}

// What the gates are told is how the last attempt ended, whatever happened
// before.
func TestCallTellsTheLastAttempt(t *testing.T) {
	tests := []struct {
		name     string
		failures int   // of attempts, before Done
		done     error // the argument of Done
		want     []error
	}{
		{"success", 0, nil, []error{nil}},
		{"broken afterwards", 0, errDown, []error{errDown}},
		{"success after a failure", 1, nil, []error{errDown, nil}},
		{"broken after a failure", 1, errFull, []error{errDown, errFull}},
		{"failure", 2, nil, []error{errDown, errDown}},
		{"failure, then broken", 2, errFull, []error{errDown, errFull}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			admit, each := &recorder{}, &recorder{}
			var c backstay.Call
			begin(t, &c, &backstay.Pipeline{Admit: []gate.Gate{admit}, Gates: []gate.Gate{each}, Retry: atOnce(2)})
			for i := range test.failures {
				final := c.Fail(errDown)
				if i == 1 {
					if !errors.Is(final, errDown) || !errors.Is(final, retry.ErrExhausted) {
						t.Errorf("Fail = %v, want exhausted attempts", final)
					}
					continue
				}
				if final != nil {
					t.Fatalf("Fail = %v, want another attempt", final)
				}
				if _, err := c.Again(); err != nil || c.Attempt() != 2 {
					t.Fatalf("Again = %v, attempt %d; want nil, 2", err, c.Attempt())
				}
			}
			if test.failures < 2 {
				c.Succeed()
			}
			if err := c.Done(test.done); err != test.done {
				t.Errorf("Done = %v, want %v", err, test.done)
			}
			if !slices.Equal(each.told, test.want) {
				t.Errorf("the gates of attempts were told %v, want %v", each.told, test.want)
			}
			if len(admit.told) != 1 || (admit.told[0] == nil) != (test.want[len(test.want)-1] == nil) {
				t.Errorf("the gate of the call was told %v, want how it ended", admit.told)
			}
		})
	}
}

// A timeout that passes while a body is read is the pipeline's own.
func TestTimeoutAfterSuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tests := map[string]*backstay.Pipeline{
			`call "users" timed out after 1s`:    {Name: "users", Timeout: time.Second},
			`attempt "users" timed out after 1s`: {Name: "users", Timeout: time.Minute, AttemptTimeout: time.Second},
		}
		for want, p := range tests {
			var last event.Event
			p.Observer = event.Func(func(_ context.Context, e event.Event) { last = e })
			var c backstay.Call
			ctx := begin(t, &c, p)
			c.Succeed()
			<-ctx.Done()
			err := c.Done(ctx.Err())
			if _, own := errors.AsType[*backstay.TimeoutError](err); !own || err.Error() != want {
				t.Errorf("Done = %v, want %s", err, want)
			}
			if last.Kind != event.Finished || last.Err != err {
				t.Errorf("the last event is %v with %v, want finished with the timeout", last.Kind, last.Err)
			}
		}
	})
}

// The success of a call counts from when it was known, not from when its body
// had been read: a retry does not become hopeless because readers are slow.
func TestSucceedTellsTheTypicalAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &backstay.Pipeline{Retry: &retry.Policy{Backoff: retry.Constant{}}}
		for range 64 {
			var c backstay.Call
			begin(t, &c, p)
			c.Succeed()
			bubble.Advance(time.Hour)
			_ = c.Done(nil)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := p.Do(ctx, failing(1)); err != nil {
			t.Errorf("Do = %v, want a retry: an attempt takes no time", err)
		}
	})
}

// A breaker that opens between two attempts must not make the caller believe
// that the call never ran.
func TestRefusalAfterAnAttemptKeepsItsError(t *testing.T) {
	g := &recorder{}
	p := &backstay.Pipeline{Retry: atOnce(5), Gates: []gate.Gate{g}}
	for attempts := 1; attempts <= 2; attempts++ {
		*g = recorder{}
		calls := 0
		err := p.Do(t.Context(), func(context.Context) error {
			if calls++; calls == attempts {
				g.refusal = &gate.RejectedError{Policy: "breaker", Reason: errFull}
			}
			return errDown
		})
		if calls != attempts {
			t.Errorf("%d attempts were made, want %d", calls, attempts)
		}
		if !errors.Is(err, errDown) || !errors.Is(err, errFull) || errors.Is(err, gate.ErrRejected) {
			t.Errorf("Do = %v, want the attempt's error and the reason of the refusal, and no refusal", err)
		}
		if exhausted := errors.Is(err, retry.ErrExhausted); exhausted != (attempts > 1) {
			t.Errorf("Do = %v after %d attempts, exhausted %v", err, attempts, exhausted)
		}
	}
}

// Nor must a breaker that stays open while its refusals are retried.
func TestRetriedRefusalsKeepTheErrorOfTheAttempt(t *testing.T) {
	g := &recorder{}
	policy := atOnce(20) // more than the history holds
	policy.Retryable = func(error) bool { return true }
	p := &backstay.Pipeline{Retry: policy, Gates: []gate.Gate{g}}
	err := p.Do(t.Context(), func(context.Context) error {
		g.refusal = &gate.RejectedError{Policy: "breaker", Reason: errFull}
		return errDown
	})
	if !errors.Is(err, errDown) || !errors.Is(err, errFull) || errors.Is(err, gate.ErrRejected) {
		t.Errorf("Do = %v, want the attempt's error and the reason of the refusals, and no refusal", err)
	}
}

func TestRefusalsAreRetriedOnDemand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &recorder{refusal: &gate.RejectedError{Policy: "bulkhead", Reason: errFull, After: time.Minute}}
		policy := atOnce(3)
		policy.Retryable = func(error) bool { return true }
		p := &backstay.Pipeline{Retry: policy, Gates: []gate.Gate{g}}
		begun := time.Now()
		err := p.Do(t.Context(), failing(0))
		if len(g.at) != 3 || time.Since(begun) != 2*time.Minute || !errors.Is(err, gate.ErrRejected) {
			t.Errorf("Do = %v after %d refusals and %v; want a refusal after 3 and 2m0s", err, len(g.at), time.Since(begun))
		}
	})
}
