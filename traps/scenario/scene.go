// Package scenario holds the traps: what goes wrong in the field, each written
// once, against the interfaces of package driver.
//
// A scenario runs in a bubble of virtual time unless it needs sockets. It ends
// by returning, which is a pass, or by Scene.Failf with what was observed.
package scenario

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing/synctest"
	"time"

	"github.com/backstay-go/backstay/traps/driver"
)

// Trap is one row of the matrix.
type Trap struct {
	// ID is its number, with a letter where one number has several parts.
	ID string
	// Text says how a correct implementation behaves.
	Text string
	// RealTime says that it needs sockets and cannot run in a bubble.
	RealTime bool
	// Run ends by returning or by [Scene.Failf].
	Run func(*Scene)
}

// All returns every trap, in the order of their numbers.
func All() []Trap {
	var all []Trap
	for _, part := range [][]Trap{breakerTraps, retryTraps, limitTraps, bulkheadTraps, clientTraps, middlewareTraps} {
		all = append(all, part...)
	}
	slices.SortStableFunc(all, func(a, b Trap) int {
		return cmp.Or(cmp.Compare(a.number(), b.number()), cmp.Compare(a.ID, b.ID))
	})
	return all
}

// number is the ID without its letter.
func (t Trap) number() int {
	n, err := strconv.Atoi(strings.TrimRight(t.ID, "abc"))
	if err != nil {
		panic(err)
	}
	return n
}

// ByID returns the trap with the ID, and panics if there is none.
func ByID(id string) Trap {
	for _, trap := range All() {
		if trap.ID == id {
			return trap
		}
	}
	panic("scenario: no trap " + id)
}

// Failure is what a scenario has observed; [Scene.Failf] panics with it.
type Failure string

// Scene is where one scenario plays: the implementation under test, and the
// clock.
type Scene struct {
	// Ctx lives as long as the scenario.
	Ctx  context.Context
	impl *driver.Implementation
	ends []func()
}

// NewScene returns a scene for impl. Its End must be called.
func NewScene(ctx context.Context, impl *driver.Implementation) *Scene {
	ctx, cancel := context.WithCancel(ctx)
	return &Scene{Ctx: ctx, impl: impl, ends: []func(){cancel}}
}

// End undoes what the scenario has set up, the latest first.
func (s *Scene) End() {
	for len(s.ends) > 0 {
		last := s.ends[len(s.ends)-1]
		s.ends = s.ends[:len(s.ends)-1]
		last()
	}
}

// Cleanup registers f to be called when the scenario has ended.
func (s *Scene) Cleanup(f func()) { s.ends = append(s.ends, f) }

// Failf ends the scenario with what was observed.
func (s *Scene) Failf(format string, args ...any) {
	panic(Failure(fmt.Sprintf(format, args...)))
}

// Check ends the scenario with what was observed unless the condition holds.
func (s *Scene) Check(condition bool, format string, args ...any) {
	if !condition {
		s.Failf(format, args...)
	}
}

// Advance lets virtual time pass, and returns when everybody has done what they
// could by then.
func (s *Scene) Advance(d time.Duration) {
	synctest.Wait()
	<-time.After(d)
	synctest.Wait()
}

// Forever returns a channel that is closed when the scenario has ended: what a
// call waits for that never returns.
func (s *Scene) Forever() <-chan struct{} {
	never := make(chan struct{})
	s.Cleanup(func() { close(never) })
	return never
}

// errDown is the failure of the dependency in all scenarios.
var errDown = errors.New("dependency down")

func fails(context.Context) error    { return errDown }
func succeeds(context.Context) error { return nil }
func panics(context.Context) error   { panic("on purpose") }
