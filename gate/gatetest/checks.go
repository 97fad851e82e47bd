package gatetest

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/bubble"
)

var errFailed = errors.New("gatetest: the call failed")

// subject is the gate under test.
type subject struct {
	*testing.T
	gate     gate.Gate
	maxCalls int
}

// fill takes every permit the gate grants: the first maxCalls, or some when the
// gate does not refuse.
func (s subject) fill() []gate.Permit {
	s.Helper()
	n := s.maxCalls
	if n == Unlimited {
		n = 64
	}
	permits := make([]gate.Permit, 0, n)
	for i := range n {
		permit, err := s.gate.Acquire(s.Context())
		if err != nil {
			s.Fatalf("Acquire %d of %d = %v, want a permit", i+1, n, err)
		}
		permits = append(permits, permit)
	}
	return permits
}

// refuse fills the gate and returns the refusal of one more call.
func (s subject) refuse(ctx context.Context) error {
	s.Helper()
	s.fill()
	permit, err := s.gate.Acquire(ctx)
	if err == nil {
		permit.Done(nil)
		s.Fatalf("Acquire after %d calls = a permit, want a refusal", s.maxCalls)
	}
	return err
}

// recovers fails the test unless the gate admits a call after an hour.
func (s subject) recovers(after string) {
	s.Helper()
	bubble.Advance(time.Hour)
	ctx, cancel := context.WithTimeout(s.Context(), time.Minute)
	defer cancel()
	permit, err := s.gate.Acquire(ctx)
	if err != nil {
		s.Fatalf("Acquire an hour after %s = %v, want a permit", after, err)
	}
	permit.Done(nil)
}

func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func admitsMaxCalls(s subject) {
	for _, permit := range s.fill() {
		permit.Done(nil)
	}
}

func refusalIsTyped(s subject) {
	ctx, cancel := context.WithTimeout(s.Context(), time.Millisecond)
	defer cancel()
	err := s.refuse(ctx)
	if !errors.Is(err, gate.ErrRejected) {
		s.Errorf("refusal %q does not match gate.ErrRejected", err)
	}
	rejected, ok := errors.AsType[*gate.RejectedError](err)
	if !ok {
		s.Fatalf("refusal %q holds no *gate.RejectedError", err)
	}
	if rejected.Policy == "" || rejected.Reason == nil {
		s.Errorf("refusal %+v: want Policy and Reason to be set", rejected)
	}
	if rejected.After < 0 {
		s.Errorf("refusal has After = %v, want none below zero", rejected.After)
	}
}

func refusalRunsNothing(s subject) {
	s.fill()
	ctx, cancel := context.WithTimeout(s.Context(), time.Millisecond)
	defer cancel()
	err := gate.Do(ctx, s.gate, func(context.Context) error {
		s.Error("the call ran although the gate was full")
		return nil
	})
	if err == nil {
		s.Error("gate.Do on a full gate = nil, want the refusal")
	}
}

func refusalDoesNotAllocate(s subject) {
	s.fill()
	ctx := ended()
	allocs := testing.AllocsPerRun(100, func() {
		if permit, err := s.gate.Acquire(ctx); err == nil {
			permit.Done(nil)
		}
	})
	// One object is the exception for a limiter: its exact After.
	if allocs > 1 {
		s.Errorf("a refusal makes %v allocations, want 0, or 1 for an exact After", allocs)
	}
}

func waitEndsWithContext(s subject) {
	begun := time.Now()
	err := s.refuse(ended())
	if !errors.Is(err, gate.ErrRejected) {
		s.Errorf("refusal %q does not match gate.ErrRejected", err)
	}
	if waited := time.Since(begun); waited > 0 {
		s.Errorf("Acquire with an ended context waited %v, want 0", waited)
	}
}

func waitEndsAtDeadline(s subject) {
	s.fill()
	const limit = 50 * time.Microsecond // too short for any gate to free itself
	ctx, cancel := context.WithTimeout(s.Context(), limit)
	defer cancel()
	begun := time.Now()
	if _, err := s.gate.Acquire(ctx); !errors.Is(err, gate.ErrRejected) {
		s.Errorf("Acquire on a full gate = %v, want gate.ErrRejected", err)
	}
	if waited := time.Since(begun); waited > limit {
		s.Errorf("Acquire waited %v, its context allows %v", waited, limit)
	}
}

func permitSurvivesPanic(s subject) {
	s.abandon(func() { panic("gatetest: on purpose") })
	s.recovers("calls that panicked")
}

func permitSurvivesGoexit(s subject) {
	s.abandon(runtime.Goexit)
	s.recovers("calls that ended by runtime.Goexit")
}

// abandon runs calls that never return, more than the gate admits at once.
func (s subject) abandon(leave func()) {
	var calls sync.WaitGroup
	for range max(8, 2*s.maxCalls) {
		calls.Add(1)
		go func() {
			defer calls.Done()
			defer func() { _ = recover() }()
			ctx, cancel := context.WithTimeout(s.Context(), time.Minute)
			defer cancel()
			_ = gate.Do(ctx, s.gate, func(context.Context) error { leave(); return nil })
		}()
	}
	calls.Wait()
}

func ignoredOutcomesStarveNothing(s subject) {
	for range 10 {
		for _, permit := range s.fill() {
			permit.Done(context.Canceled)
		}
		s.recovers("calls that were cancelled")
		bubble.Advance(time.Hour)
	}
}

func releasedElsewhere(s subject) {
	for _, permit := range s.fill() {
		go permit.Done(errFailed)
	}
	s.recovers("permits released by other goroutines")
}

func lateReadings(s subject) {
	timed, ok := s.gate.(gate.Timed)
	if !ok {
		return // reads its own clock
	}
	now := time.Now()
	bubble.Advance(time.Minute)
	for i := range 2 * max(s.maxCalls, 32) {
		// Each reading is earlier than the last, by up to a minute.
		at := now.Add(-time.Duration(i) * time.Second)
		ctx, cancel := context.WithTimeout(s.Context(), time.Millisecond)
		permit, err := timed.AcquireAt(ctx, at)
		cancel()
		if err == nil {
			permit.DoneAt(at.Add(-time.Second), nil)
		}
	}
	s.recovers("late readings of the clock")
}

func stampede(s subject) {
	results := []error{nil, nil, errFailed, context.Canceled, gate.ErrPanicked}
	var calls sync.WaitGroup
	for i := range 64 {
		calls.Go(func() {
			for j := range 50 {
				ctx, cancel := context.WithTimeout(s.Context(), time.Second)
				_ = gate.Do(ctx, s.gate, func(context.Context) error {
					runtime.Gosched()
					return results[(i+j)%len(results)]
				})
				cancel()
			}
		})
	}
	calls.Wait()
	s.recovers("a stampede")
}
