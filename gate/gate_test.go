package gate_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"
	"unsafe"

	"github.com/backstay-go/backstay/gate"
)

var errShut = errors.New("shut")

// recorder is a gate that notes what it is told.
type recorder struct {
	refusal  error
	acquired int
	released []error
}

func (r *recorder) Acquire(context.Context) (gate.Permit, error) {
	if r.refusal != nil {
		return gate.Permit{}, r.refusal
	}
	r.acquired++
	return gate.NewPermit(r, gate.Token{}), nil
}

func (r *recorder) Release(_ gate.Token, err error) { r.released = append(r.released, err) }

// timed is a recorder that takes readings.
type timed struct {
	recorder
	readings []time.Time
}

func (g *timed) AcquireAt(_ context.Context, now time.Time) (gate.Permit, error) {
	g.readings = append(g.readings, now)
	return gate.NewPermit(g, gate.Token{}), nil
}

func (g *timed) ReleaseAt(_ gate.Token, now time.Time, err error) {
	g.readings = append(g.readings, now)
	g.Release(gate.Token{}, err)
}

func TestDo(t *testing.T) {
	failure := errors.New("failure")
	tests := map[string]error{"success": nil, "failure": failure}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			var g recorder
			err := gate.Do(t.Context(), &g, func(context.Context) error { return want })
			if err != want {
				t.Errorf("Do = %v, want %v", err, want)
			}
			if len(g.released) != 1 || g.released[0] != want {
				t.Errorf("the gate was told %v, want [%v]", g.released, want)
			}
		})
	}
}

func TestDoWithoutGate(t *testing.T) {
	ran := false
	err := gate.Do(t.Context(), nil, func(context.Context) error { ran = true; return nil })
	if err != nil || !ran {
		t.Errorf("Do without a gate = %v, ran %v; want nil, true", err, ran)
	}
}

func TestDoRefused(t *testing.T) {
	g := recorder{refusal: errShut}
	err := gate.Do(t.Context(), &g, func(context.Context) error {
		t.Error("the call ran")
		return nil
	})
	if err != errShut || len(g.released) != 0 {
		t.Errorf("Do = %v, released %v; want the refusal and no release", err, g.released)
	}
}

func TestDoWithEndedContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var g recorder
	err := gate.Do(ctx, &g, func(context.Context) error {
		t.Error("the call ran")
		return nil
	})
	if !errors.Is(err, context.Canceled) || g.acquired != 0 {
		t.Errorf("Do = %v after %d acquisitions; want context.Canceled after 0", err, g.acquired)
	}
}

func TestDoReleasesOnPanicAndGoexit(t *testing.T) {
	leave := map[string]func(){
		"panic":  func() { panic("on purpose") },
		"goexit": runtime.Goexit,
	}
	for name, leave := range leave {
		t.Run(name, func(t *testing.T) {
			var g recorder
			done := make(chan any)
			go func() {
				defer close(done)
				defer func() {
					if r := recover(); r != nil {
						done <- r
					}
				}()
				_ = gate.Do(context.Background(), &g, func(context.Context) error { leave(); return nil })
			}()
			if r := <-done; name == "panic" && r != "on purpose" {
				t.Errorf("the caller saw the panic %v, want its own", r)
			}
			<-done
			if len(g.released) != 1 || g.released[0] != gate.ErrPanicked {
				t.Errorf("the gate was told %v, want [%v]", g.released, gate.ErrPanicked)
			}
		})
	}
}

func TestZeroPermit(t *testing.T) {
	var p gate.Permit
	p.Done(nil)
	p.DoneAt(time.Time{}, errShut)
}

func TestPermitFitsInRegisters(t *testing.T) {
	const want = 32 // four words: the most that the compiler keeps out of memory
	if size := unsafe.Sizeof(gate.Permit{}); size > want {
		t.Errorf("a Permit takes %d bytes, want at most %d", size, want)
	}
}

func TestAfterWait(t *testing.T) {
	token := gate.Token{Start: -1, Generation: 1<<63 - 1}
	r := new(tokens)
	permit := gate.NewPermit(r, token)
	if permit.Waited() || !permit.AfterWait().Waited() {
		t.Errorf("Waited() = %v, after AfterWait %v; want false, true", permit.Waited(), permit.AfterWait().Waited())
	}
	permit.AfterWait().Done(nil)
	permit.AfterWait().DoneAt(time.Time{}, nil)
	if len(*r) != 2 || (*r)[0] != token || (*r)[1] != token {
		t.Errorf("the gate got back %v, want %v twice", *r, token)
	}
}

// tokens is a gate that notes the tokens it gets back.
type tokens []gate.Token

func (r *tokens) Release(token gate.Token, _ error) { *r = append(*r, token) }

func TestReadingsReachTimedGates(t *testing.T) {
	now := time.Now()
	var g timed
	permit, err := gate.AcquireAt(t.Context(), &g, now)
	if err != nil {
		t.Fatal(err)
	}
	permit.DoneAt(now.Add(time.Second), nil)
	if len(g.readings) != 2 || !g.readings[0].Equal(now) || !g.readings[1].Equal(now.Add(time.Second)) {
		t.Errorf("readings %v, want %v and a second later", g.readings, now)
	}
}

func TestReadingsAreDroppedByOtherGates(t *testing.T) {
	var g recorder
	permit, err := gate.AcquireAt(t.Context(), &g, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	permit.DoneAt(time.Now(), errShut)
	if g.acquired != 1 || len(g.released) != 1 || g.released[0] != errShut {
		t.Errorf("acquired %d, released %v; want 1, [%v]", g.acquired, g.released, errShut)
	}
}

func TestClassify(t *testing.T) {
	tests := []struct {
		err  error
		want gate.Outcome
	}{
		{nil, gate.Success},
		{errShut, gate.Failure},
		{gate.ErrPanicked, gate.Failure},
		{context.DeadlineExceeded, gate.Failure},
		{context.Canceled, gate.Ignored},
		{fmt.Errorf("query: %w", context.Canceled), gate.Ignored},
		{&gate.RejectedError{Policy: "bulkhead", Reason: errShut}, gate.Ignored},
	}
	for _, test := range tests {
		if got := gate.Classify(test.err); got != test.want {
			t.Errorf("Classify(%v) = %v, want %v", test.err, got, test.want)
		}
	}
}

func TestPriority(t *testing.T) {
	if got := gate.PriorityOf(t.Context()); got != gate.Critical {
		t.Errorf("PriorityOf a plain context = %v, want %v", got, gate.Critical)
	}
	ctx := gate.WithPriority(t.Context(), gate.Sheddable)
	if got := gate.PriorityOf(ctx); got != gate.Sheddable {
		t.Errorf("PriorityOf = %v, want %v", got, gate.Sheddable)
	}
}

func TestPriorityText(t *testing.T) {
	for p := gate.Sheddable; p <= gate.CriticalPlus; p++ {
		text, err := p.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var back gate.Priority
		if err := back.UnmarshalText(text); err != nil || back != p {
			t.Errorf("%s reads back as %v, %v; want %v", text, back, err, p)
		}
	}
	var p gate.Priority
	if err := p.UnmarshalText([]byte("urgent")); err == nil {
		t.Errorf("UnmarshalText(urgent) = %v, want an error", p)
	}
	if _, err := gate.Priority(7).MarshalText(); err == nil {
		t.Error("Priority(7).MarshalText() succeeded, want an error")
	}
}

func TestAllocs(t *testing.T) {
	var g counter
	ctx := t.Context()
	op := func(context.Context) error { return nil }
	if got := testing.AllocsPerRun(100, func() { _ = gate.Do(ctx, &g, op) }); got != 0 {
		t.Errorf("Do makes %v allocations, want 0", got)
	}
	if g.released == 0 {
		t.Error("nothing was released")
	}
}

// counter is a gate that only counts.
type counter struct{ released int }

func (c *counter) Acquire(context.Context) (gate.Permit, error) {
	return gate.NewPermit(c, gate.Token{}), nil
}
func (c *counter) Release(gate.Token, error) { c.released++ }
