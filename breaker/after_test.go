package breaker_test

import (
	"errors"
	"testing"
	"time"

	"github.com/backstay-go/backstay/breaker"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/bubble"
)

func TestAfterIsNeverEarly(t *testing.T) {
	phases := map[string]func(suite){
		"open": func(suite) {},
		"ramp": func(s suite) {
			bubble.Advance(s.Snapshot().Remaining)
			s.do(1, succeed)
			s.do(1, succeed) // the first on the ramp is admitted
		},
		"forced": func(s suite) { s.ForceOpen(7*time.Second, "") },
	}
	for name, prepare := range phases {
		t.Run(name, func(t *testing.T) {
			c := touchy
			c.Ramp = 11 * time.Second
			in(t, c, func(s suite) {
				s.do(1, fail)
				prepare(s)
				whole := s.Snapshot().Remaining
				for left := whole; left > 0; left = s.Snapshot().Remaining {
					_, err := s.Acquire(t.Context())
					if rejected, ok := errors.AsType[*gate.RejectedError](err); ok {
						if rejected.After < left || rejected.After > left+whole/8 {
							t.Errorf("After is %v with %v left of %v", rejected.After, left, whole)
						}
					}
					bubble.Advance(min(left, whole/50+1))
				}
				s.acquire()
			})
		})
	}
}

func TestAfterWhereTheEndIsUnknown(t *testing.T) {
	in(t, touchy, func(s suite) {
		s.do(1, fail)
		bubble.Advance(breaker.DefaultCooldown)
		s.acquire()
		_, err := s.Acquire(t.Context())
		if rejected, ok := errors.AsType[*gate.RejectedError](err); !ok || rejected.After != time.Second {
			t.Errorf("refusal while a probe runs = %v, want After 1s", err)
		}
		s.ForceOpen(0, "")
		_, err = s.Acquire(t.Context())
		if rejected, ok := errors.AsType[*gate.RejectedError](err); !ok || rejected.After != 0 {
			t.Errorf("refusal while forced open = %v, want no After", err)
		}
	})
}

func TestObserveOnlyRefusesNothing(t *testing.T) {
	c := touchy
	c.ObserveOnly = true
	in(t, c, func(s suite) {
		s.do(1, fail)
		s.want(breaker.Open)
		s.do(100, succeed)
		s.want(breaker.Open)
		bubble.Advance(breaker.DefaultCooldown)
		probe := s.acquire()
		s.do(100, fail) // beside the probe: they decide nothing
		s.want(breaker.HalfOpen)
		probe.Done(nil)
		s.want(breaker.Closed)
	})
}
