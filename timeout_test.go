package backstay_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay-go/backstay"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/bubble"
	"github.com/backstay-go/backstay/retry"
)

// hang ends with its context.
func hang(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestTimeout(t *testing.T) {
	tests := []struct {
		name     string
		pipeline backstay.Pipeline
		caller   time.Duration // the caller's own timeout; 0 for none
		attempt  bool
		own      bool // whether the timeout is the pipeline's own
		took     time.Duration
	}{
		{name: "call", pipeline: backstay.Pipeline{Timeout: time.Second}, own: true, took: time.Second},
		{name: "attempt", pipeline: backstay.Pipeline{AttemptTimeout: time.Second}, own: true, attempt: true, took: time.Second},
		{name: "attempt within call", pipeline: backstay.Pipeline{Timeout: time.Minute, AttemptTimeout: time.Second}, own: true, attempt: true, took: time.Second},
		{name: "call within attempt", pipeline: backstay.Pipeline{Timeout: time.Second, AttemptTimeout: time.Minute}, own: true, took: time.Second},
		{name: "caller's", pipeline: backstay.Pipeline{Timeout: time.Minute, AttemptTimeout: time.Minute}, caller: time.Second, took: time.Second},
		{name: "call after attempts", pipeline: backstay.Pipeline{Timeout: 5 * time.Second, AttemptTimeout: 2 * time.Second, Retry: atOnce(9)}, own: true, took: 5 * time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if test.caller > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, test.caller)
					defer cancel()
				}
				test.pipeline.Name = "users"
				begun := time.Now()
				err := test.pipeline.Do(ctx, hang)
				if took := time.Since(begun); took != test.took {
					t.Errorf("Do took %v, want %v", took, test.took)
				}
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Do = %v, want it to match context.DeadlineExceeded", err)
				}
				timeout, own := errors.AsType[*backstay.TimeoutError](err)
				if own != test.own || own && (timeout.Attempt != test.attempt || timeout.Name != "users") {
					t.Errorf("Do = %#v, want a TimeoutError %v, of an attempt %v", err, test.own, test.attempt)
				}
				if network, ok := errors.AsType[net.Error](err); !ok || !network.Timeout() {
					t.Errorf("Do = %v, want a net.Error with Timeout", err)
				}
			})
		})
	}
}

// queue is a gate that waits, and neither takes a reading of the clock nor tells.
type queue time.Duration

func (q queue) Acquire(context.Context) (gate.Permit, error) {
	bubble.Advance(time.Duration(q))
	return gate.Permit{}, nil
}

func TestTimeoutBeginsBehindAdmit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &backstay.Pipeline{Admit: []gate.Gate{queue(time.Minute)}, Timeout: time.Second}
		err := p.Do(t.Context(), func(ctx context.Context) error {
			if deadline, _ := ctx.Deadline(); time.Until(deadline) != time.Second {
				t.Errorf("the operation has %v left, want 1s", time.Until(deadline))
			}
			return ctx.Err()
		})
		if err != nil {
			t.Errorf("Do = %v, want nil", err)
		}
	})
}

func TestOperationSeesDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &backstay.Pipeline{Timeout: time.Minute, AttemptTimeout: time.Second}
		_ = p.Do(t.Context(), func(ctx context.Context) error {
			deadline, ok := ctx.Deadline()
			if left := time.Until(deadline); !ok || left != time.Second {
				t.Errorf("the operation sees a deadline in %v, %v; want 1s, true", left, ok)
			}
			<-ctx.Done()
			if got, want := context.Cause(ctx).Error(), "attempt timed out after 1s"; got != want {
				t.Errorf("cause %q, want %q", got, want)
			}
			if !errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
				t.Error("the cause does not match context.DeadlineExceeded")
			}
			return nil
		})
	})
}

func TestCancellationIsNoTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		p := &backstay.Pipeline{Timeout: time.Minute, AttemptTimeout: time.Minute}
		err := p.Do(ctx, hang)
		if !errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Do = %v, want a cancellation and no timeout", err)
		}
	})
}

// A result that is there when the time has just passed is still the result.
func TestLateSuccessIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &backstay.Pipeline{Timeout: time.Second, AttemptTimeout: time.Second, Retry: &retry.Policy{}}
		got, err := backstay.Do(t.Context(), p, func(ctx context.Context) (string, error) {
			<-ctx.Done()
			return "it", nil
		})
		if got != "it" || err != nil {
			t.Errorf("Do = %q, %v; want it, nil", got, err)
		}
	})
}

// An operation may call every end of its context a cancellation. A timeout is a
// failure all the same, and another attempt may do better.
func TestTimeoutThatTheOperationCallsCancelled(t *testing.T) {
	cancelled := func(ctx context.Context) error { <-ctx.Done(); return context.Canceled }
	for _, test := range []struct {
		name     string
		pipeline backstay.Pipeline
		attempts int
	}{
		{"call", backstay.Pipeline{Timeout: time.Second}, 1},
		{"attempt", backstay.Pipeline{AttemptTimeout: time.Second, Retry: atOnce(2)}, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g, p := &recorder{}, test.pipeline
				p.Gates = []gate.Gate{g}
				err := p.Do(t.Context(), cancelled)
				if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
					t.Errorf("Do = %v, want a timeout and no cancellation", err)
				}
				if len(g.told) != test.attempts || gate.Classify(g.told[0]) != gate.Failure {
					t.Errorf("the gate was told %v, want %d failures", g.told, test.attempts)
				}
			})
		})
	}
}

func TestTimeoutKeepsTheOperationsError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &backstay.Pipeline{Name: "users", Timeout: 3 * time.Second, Retry: atOnce(2)}
		calls := 0
		err := p.Do(t.Context(), func(ctx context.Context) error {
			if calls++; calls == 1 {
				return errDown
			}
			<-ctx.Done()
			return errors.New("read interrupted")
		})
		want := `call "users" timed out after 3s: 2 attempts failed, last: read interrupted (context deadline exceeded)`
		if err == nil || err.Error() != want {
			t.Errorf("Do = %v\nwant %s", err, want)
		}
	})
}

func TestAttemptTimeoutIsRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &backstay.Pipeline{AttemptTimeout: time.Second, Retry: &retry.Policy{Backoff: retry.Constant{}}}
		calls := 0
		err := p.Do(t.Context(), func(ctx context.Context) error {
			if calls++; calls == 1 {
				return hang(ctx)
			}
			return nil
		})
		if err != nil || calls != 2 {
			t.Errorf("Do = %v after %d attempts, want nil after 2", err, calls)
		}
	})
}

func TestCauseIsNotRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &backstay.Pipeline{Name: "users", AttemptTimeout: time.Second}
		err := p.Do(t.Context(), func(ctx context.Context) error {
			<-ctx.Done()
			return context.Cause(ctx) // as net/http does
		})
		if want := `attempt "users" timed out after 1s`; err == nil || err.Error() != want {
			t.Errorf("Do = %v, want %s", err, want)
		}
	})
}
