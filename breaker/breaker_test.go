package breaker_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/backstay-go/backstay/breaker"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/gate/gatetest"
	"github.com/backstay-go/backstay/internal/bubble"
)

var errDown = errors.New("connection refused")

func fail(context.Context) error    { return errDown }
func succeed(context.Context) error { return nil }

func TestContract(t *testing.T) {
	gatetest.Run(t, gatetest.Unlimited, func() gate.Gate { return breaker.New(breaker.Config{Name: "users"}) })
}

func TestContractWhileOpen(t *testing.T) {
	gatetest.Run(t, 0, func() gate.Gate {
		b := breaker.New(breaker.Config{Name: "users"})
		b.ForceOpen(0, "test")
		return b
	})
}

func TestOpensProbesRampsAndCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(breaker.Config{Name: "users", Consecutive: 3, Probes: 1})
		for range 3 {
			if err := b.Do(t.Context(), fail); err != errDown {
				t.Fatalf("Do = %v, want %v", err, errDown)
			}
		}
		err := b.Do(t.Context(), succeed)
		if !errors.Is(err, breaker.ErrOpen) || b.State() != breaker.Open {
			t.Fatalf("after 3 failures: Do = %v, state %v; want ErrOpen, open", err, b.State())
		}
		bubble.Advance(breaker.DefaultCooldown)
		if err := b.Do(t.Context(), succeed); err != nil || b.State() != breaker.HalfOpen {
			t.Fatalf("probe = %v, state %v; want nil, half_open", err, b.State())
		}
		bubble.Advance(breaker.DefaultRamp)
		if err := b.Do(t.Context(), succeed); err != nil || b.State() != breaker.Closed {
			t.Fatalf("after the ramp: %v, state %v; want nil, closed", err, b.State())
		}
	})
}
