package gatetest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/gate/gatetest"
)

var errFull = errors.New("full")

// slots is the simplest gate that keeps the contract: as many calls at once as
// the channel has room.
type slots chan struct{}

var full = &gate.RejectedError{Policy: "slots", Reason: errFull}

func (s slots) Acquire(context.Context) (gate.Permit, error) {
	select {
	case s <- struct{}{}:
		return gate.NewPermit(s, gate.Token{}), nil
	default:
		return gate.Permit{}, full
	}
}

func (s slots) Release(gate.Token, error) { <-s }

// open admits every call.
type open struct{}

func (open) Acquire(context.Context) (gate.Permit, error) { return gate.Permit{}, nil }

// shut refuses every call.
type shut struct{}

func (shut) Acquire(context.Context) (gate.Permit, error) { return gate.Permit{}, full }

func TestSlots(t *testing.T) {
	gatetest.Run(t, 3, func() gate.Gate { return make(slots, 3) })
}

func TestOpen(t *testing.T) {
	gatetest.Run(t, gatetest.Unlimited, func() gate.Gate { return open{} })
}

func TestShut(t *testing.T) {
	gatetest.Run(t, 0, func() gate.Gate { return shut{} })
}
