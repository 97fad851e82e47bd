package backstay_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
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

var (
	errDown = errors.New("connection refused")
	errFull = errors.New("full")
)

// recorder is a gate that writes down what happens to it.
type recorder struct {
	name    string
	log     *[]string
	refusal error
	told    []error
	at      []time.Time
	waits   time.Duration // how long each permit takes
}

func (r *recorder) Acquire(ctx context.Context) (gate.Permit, error) {
	return r.AcquireAt(ctx, time.Now())
}

func (r *recorder) AcquireAt(_ context.Context, now time.Time) (gate.Permit, error) {
	r.at = append(r.at, now)
	if r.refusal != nil {
		r.note("refuse")
		return gate.Permit{}, r.refusal
	}
	r.note("acquire")
	permit := gate.NewPermit(r, gate.Token{})
	if r.waits > 0 {
		bubble.Advance(r.waits)
		permit = permit.AfterWait()
	}
	return permit, nil
}

func (r *recorder) Release(_ gate.Token, err error) { r.ReleaseAt(gate.Token{}, time.Now(), err) }

func (r *recorder) ReleaseAt(_ gate.Token, now time.Time, err error) {
	r.at = append(r.at, now)
	r.told = append(r.told, err)
	r.note("release")
}

func (r *recorder) note(what string) {
	if r.log != nil {
		*r.log = append(*r.log, what+" "+r.name)
	}
}

// failing returns an operation that fails n times and then works.
func failing(n int) func(context.Context) error {
	return func(context.Context) error {
		if n--; n >= 0 {
			return errDown
		}
		return nil
	}
}

func atOnce(attempts int) *retry.Policy {
	return &retry.Policy{MaxAttempts: attempts, Backoff: retry.Constant{}, Budget: retry.NoBudget}
}

func TestOrder(t *testing.T) {
	var log []string
	g := func(name string) gate.Gate { return &recorder{name: name, log: &log} }
	p := &backstay.Pipeline{
		Admit: []gate.Gate{g("limit"), g("shed")},
		Retry: atOnce(2),
		Gates: []gate.Gate{g("breaker"), g("bulkhead")},
	}
	if err := p.Do(t.Context(), failing(1)); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"acquire limit", "acquire shed",
		"acquire breaker", "acquire bulkhead", "release bulkhead", "release breaker",
		"acquire breaker", "acquire bulkhead", "release bulkhead", "release breaker",
		"release shed", "release limit",
	}
	if !slices.Equal(log, want) {
		t.Errorf("order\n%q, want\n%q", log, want)
	}
}

func TestWithoutPipeline(t *testing.T) {
	for _, p := range []*backstay.Pipeline{nil, {}} {
		got, err := backstay.Do(t.Context(), p, func(context.Context) (string, error) { return "it", errDown })
		if got != "it" || err != errDown {
			t.Errorf("Do = %q, %v; want what the operation returned", got, err)
		}
	}
}

func TestEndedContextRunsNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	g := &recorder{}
	p := &backstay.Pipeline{Admit: []gate.Gate{g}, Gates: []gate.Gate{g}}
	err := p.Do(ctx, func(context.Context) error { t.Error("the operation ran"); return nil })
	if err != context.Canceled || len(g.at) > 0 {
		t.Errorf("Do = %v, the gate was asked %d times; want context.Canceled and never", err, len(g.at))
	}
}

func TestRefusalReleasesWhatWasHeld(t *testing.T) {
	refusal := &gate.RejectedError{Policy: "bulkhead", Reason: errFull}
	limit, breaker, bulkhead := &recorder{}, &recorder{}, &recorder{refusal: refusal}
	p := &backstay.Pipeline{
		Admit: []gate.Gate{limit},
		Retry: atOnce(3),
		Gates: []gate.Gate{breaker, bulkhead},
	}
	err := p.Do(t.Context(), func(context.Context) error { t.Error("the operation ran"); return nil })
	if err != error(refusal) {
		t.Errorf("Do = %v, want the refusal as it is", err)
	}
	for name, g := range map[string]*recorder{"limit": limit, "breaker": breaker} {
		if len(g.told) != 1 || gate.Classify(g.told[0]) != gate.Ignored {
			t.Errorf("%s was told %v, want one refusal, which it ignores", name, g.told)
		}
	}
	if len(bulkhead.told) != 0 {
		t.Errorf("the gate that refused was told %v, want nothing", bulkhead.told)
	}
}

func TestManyGates(t *testing.T) {
	var log []string
	var gates []gate.Gate
	for i := range 10 {
		gates = append(gates, &recorder{name: fmt.Sprint(i), log: &log})
	}
	if err := (&backstay.Pipeline{Gates: gates}).Do(t.Context(), failing(0)); err != nil {
		t.Fatal(err)
	}
	if len(log) != 20 || log[10] != "release 9" || log[19] != "release 0" {
		t.Errorf("ten gates: %q, want each released, the last first", log)
	}
}

func TestPanicAndGoexitRelease(t *testing.T) {
	for name, leave := range map[string]func(){"panic": func() { panic("on purpose") }, "goexit": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			admit, each := &recorder{}, &recorder{}
			p := &backstay.Pipeline{
				Admit: []gate.Gate{admit}, Timeout: time.Hour, Retry: atOnce(3),
				Gates: []gate.Gate{each}, AttemptTimeout: time.Hour,
			}
			done := make(chan any, 1)
			go func() {
				defer close(done)
				defer func() { done <- recover() }()
				_ = p.Do(context.Background(), func(context.Context) error { leave(); return nil })
			}()
			if r := <-done; name == "panic" && r != "on purpose" {
				t.Errorf("the caller recovered %v, want its own panic", r)
			}
			<-done
			for _, g := range []*recorder{admit, each} {
				if len(g.told) != 1 || g.told[0] != gate.ErrPanicked {
					t.Errorf("a gate was told %v, want [%v]", g.told, gate.ErrPanicked)
				}
			}
		})
	}
}

func TestGatesShareReadings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queue := &recorder{waits: time.Second}
		first, last := &recorder{}, &recorder{}
		begun := time.Now()
		p := &backstay.Pipeline{Admit: []gate.Gate{first, queue, last}}
		_ = p.Do(t.Context(), func(context.Context) error { bubble.Advance(time.Minute); return nil })

		if got := first.at[0].Sub(begun); got != 0 {
			t.Errorf("the first gate was given a reading of %v, want 0", got)
		}
		if got := last.at[0].Sub(begun); got != time.Second {
			t.Errorf("the gate behind the one that waited was given a reading of %v, want 1s", got)
		}
		if got, want := first.at[1].Sub(begun), time.Minute+time.Second; got != want {
			t.Errorf("the first gate was released at %v, want %v", got, want)
		}
	})
}

// A driver may answer the caller's cancellation with an error of its own. The
// gates must not hold that against the dependency.
func TestCancellationByTheCallerIsIgnored(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	g := &recorder{}
	p := &backstay.Pipeline{Admit: []gate.Gate{g}, Retry: atOnce(3), Gates: []gate.Gate{g}}
	err := p.Do(ctx, func(context.Context) error { cancel(); return errDown })
	if !errors.Is(err, errDown) || !errors.Is(err, context.Canceled) {
		t.Errorf("Do = %v, want the operation's error and the cancellation", err)
	}
	if len(g.told) != 2 {
		t.Errorf("the gates were told %v, want two ends", g.told)
	}
	for _, told := range g.told {
		if gate.Classify(told) != gate.Ignored {
			t.Errorf("a gate was told %v, want an outcome that is ignored", told)
		}
	}
}

func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var kinds []event.Kind
		var last event.Event
		p := &backstay.Pipeline{
			Name:           "users",
			Retry:          &retry.Policy{MaxAttempts: 2, Backoff: retry.Constant{Wait: time.Second, Jitter: retry.NoJitter}},
			AttemptTimeout: time.Second,
			Observer: event.Func(func(_ context.Context, e event.Event) {
				kinds, last = append(kinds, e.Kind), e
			}),
		}
		_ = p.Do(t.Context(), func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		want := []event.Kind{event.TimedOut, event.Retrying, event.TimedOut, event.Finished}
		if !slices.Equal(kinds, want) {
			t.Errorf("events %v, want %v", kinds, want)
		}
		if last.Policy != "pipeline" || last.Name != "users" || last.Attempt != 2 || last.Elapsed != 3*time.Second || last.Err == nil {
			t.Errorf("last event %+v, want the end of users after 2 attempts and 3 s", last)
		}
	})
}

func TestValidate(t *testing.T) {
	for _, p := range []*backstay.Pipeline{nil, {}, {Timeout: time.Second, Retry: &retry.Policy{}}} {
		if err := p.Validate(); err != nil {
			t.Errorf("Validate = %v, want nil", err)
		}
	}
	bad := map[string]*backstay.Pipeline{
		"backstay: Timeout is -1s: want above zero, or 0 for none":           {Timeout: -time.Second},
		"backstay: AttemptTimeout is -1s: want above zero, or 0 for none":    {AttemptTimeout: -time.Second},
		"backstay: Admit[0] is nil: want a gate":                             {Admit: []gate.Gate{nil}},
		"backstay: Gates[1] is nil: want a gate":                             {Gates: []gate.Gate{&recorder{}, nil}},
		"retry: MaxAttempts is -1: want at least 1, or 0 for the default, 3": {Retry: &retry.Policy{MaxAttempts: -1}},
	}
	for want, p := range bad {
		if err := p.Validate(); err == nil || err.Error() != want {
			t.Errorf("Validate = %v, want %s", err, want)
		}
	}
}

var _ net.Error = (*backstay.TimeoutError)(nil)
