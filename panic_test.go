package backstay_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay-go/backstay"
	"github.com/backstay-go/backstay/event"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/bubble"
)

// rude is a gate that panics when it is told how a call ended, as one with a
// faulty classifier does.
type rude struct{}

func (rude) Acquire(context.Context) (gate.Permit, error) {
	return gate.NewPermit(rude{}, gate.Token{}), nil
}

func (rude) Release(gate.Token, error) { panic("on purpose") }

func TestPanicInGatesLosesNoOtherPermit(t *testing.T) {
	once := func(context.Context) error { return nil }
	for name, call := range map[string]func(*backstay.Pipeline, *backstay.Call){
		"Do that succeeds": func(p *backstay.Pipeline, _ *backstay.Call) { _ = p.Do(context.Background(), once) },
		"Do that fails":    func(p *backstay.Pipeline, _ *backstay.Call) { _ = p.Do(context.Background(), failing(9)) },
		"Done": func(p *backstay.Pipeline, c *backstay.Call) {
			_, _ = c.Begin(context.Background(), p)
			_ = c.Done(nil)
		},
		"Again": func(p *backstay.Pipeline, c *backstay.Call) {
			defer c.Done(gate.ErrPanicked)
			_, _ = c.Begin(context.Background(), p)
			_ = c.Fail(errDown)
			_, _ = c.Again()
		},
	} {
		t.Run(name, func(t *testing.T) {
			admit, each, finished := &recorder{}, &recorder{}, 0
			p := &backstay.Pipeline{
				Admit: []gate.Gate{admit, rude{}},
				Retry: atOnce(2),
				Gates: []gate.Gate{each, rude{}, rude{}},
				Observer: event.Func(func(_ context.Context, e event.Event) {
					if e.Kind == event.Finished {
						finished++
					}
				}),
			}
			func() {
				defer func() {
					if recover() == nil {
						t.Error("the panic did not reach the caller")
					}
				}()
				call(p, new(backstay.Call))
			}()
			if len(admit.told) != 1 || len(each.told) != 1 {
				t.Errorf("the other gates were told %v and %v, want one end each", admit.told, each.told)
			}
			if finished != 1 {
				t.Errorf("the end was observed %d times, want once", finished)
			}
		})
	}
}

func TestPanicIsTimed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var elapsed time.Duration
		g, begun := &recorder{}, time.Now()
		p := &backstay.Pipeline{
			Gates:    []gate.Gate{g},
			Observer: event.Func(func(_ context.Context, e event.Event) { elapsed = e.Elapsed }),
		}
		func() {
			defer func() { _ = recover() }()
			_ = p.Do(t.Context(), func(context.Context) error { bubble.Advance(time.Second); panic("on purpose") })
		}()
		if elapsed != time.Second {
			t.Errorf("the observer was told of a call that took %v, want 1s", elapsed)
		}
		if got := g.at[1].Sub(begun); got != time.Second {
			t.Errorf("the gate was told of an end after %v, want 1s", got)
		}
	})
}
