package model

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/backstay-go/backstay/bulkhead"
	"github.com/backstay-go/backstay/gate"
)

// visitor is one caller of a bulkhead.
type visitor struct {
	cancel  context.CancelFunc
	arrived time.Time
	permit  gate.Permit
	err     error
	decided bool
}

// site is a bulkhead and everybody who has come to it and not left.
type site struct {
	bulkhead *bulkhead.Bulkhead
	config   bulkhead.Config
	visitors []*visitor
}

// holders returns those who hold a permit, waiters those who are not decided.
func (s *site) holders() (holders, waiters []*visitor) {
	for _, v := range s.visitors {
		switch {
		case !v.decided:
			waiters = append(waiters, v)
		case v.err == nil:
			holders = append(holders, v)
		}
	}
	return holders, waiters
}

// inBubble hides the test's deadline, which is not a time of the bubble's.
type inBubble struct{ testing.TB }

// TestBulkheadKeepsItsPromises sends random callers to a bulkhead under virtual
// time, and looks after each step whether anybody runs who must not, or waits
// who need not.
func TestBulkheadKeepsItsPromises(t *testing.T) {
	var steps, waited int
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(inBubble{t}, func(t *rapid.T) {
			s := &site{config: bulkhead.Config{
				Limit:   rapid.IntRange(1, 4).Draw(t, "limit"),
				Queue:   rapid.IntRange(0, 4).Draw(t, "queue"),
				MaxWait: time.Second,
			}}
			s.bulkhead = bulkhead.New(s.config)
			defer s.close()
			t.Repeat(map[string]func(*rapid.T){
				"arrive": s.arrive,
				"crowd":  func(t *rapid.T) { s.arrive(t); s.arrive(t); s.arrive(t) },
				"finish": s.finish,
				"leave":  s.leave,
				"resize": s.resize,
				"wait": func(t *rapid.T) {
					<-time.After(time.Duration(rapid.IntRange(0, 400).Draw(t, "ms")) * time.Millisecond)
					synctest.Wait()
				},
				"": func(t *rapid.T) {
					steps++
					_, waiters := s.holders()
					waited += min(1, len(waiters))
					s.check(t)
				},
			})
		})
	})
	t.Logf("%d steps, in %d of them somebody waited", steps, waited)
	if waited < steps/20 {
		t.Errorf("somebody waited in %d of %d steps: they explore little", waited, steps)
	}
}

func (s *site) arrive(t *rapid.T) {
	holders, waiters := s.holders()
	ctx, cancel := context.WithCancel(context.Background())
	v := &visitor{cancel: cancel, arrived: time.Now()}
	s.visitors = append(s.visitors, v)
	go func() {
		v.permit, v.err = s.bulkhead.Acquire(ctx)
		v.decided = true
	}()
	synctest.Wait()
	switch admitted := v.decided && v.err == nil; {
	case len(holders) < s.config.Limit && !admitted:
		t.Fatalf("%d of %d permits are held and a caller was not admitted: %v", len(holders), s.config.Limit, v.err)
	case len(holders) >= s.config.Limit && admitted:
		t.Fatalf("%d of %d permits are held and a caller was admitted", len(holders), s.config.Limit)
	case !v.decided && len(waiters) >= s.config.Queue:
		t.Fatalf("%d callers wait in a queue for %d, and one more", len(waiters), s.config.Queue)
	}
}

func (s *site) finish(t *rapid.T) {
	if holders, _ := s.holders(); len(holders) > 0 {
		s.drop(rapid.SampledFrom(holders).Draw(t, "holder"))
	}
}

// drop ends the visit of one who holds a permit.
func (s *site) drop(v *visitor) {
	for i, other := range s.visitors {
		if other == v {
			s.visitors = append(s.visitors[:i:i], s.visitors[i+1:]...)
			break
		}
	}
	v.permit.Done(nil)
	v.cancel()
	synctest.Wait()
}

func (s *site) leave(t *rapid.T) {
	_, waiters := s.holders()
	if len(waiters) == 0 {
		return
	}
	v := rapid.SampledFrom(waiters).Draw(t, "waiter")
	v.cancel()
	synctest.Wait()
	if !v.decided || v.err == nil {
		t.Fatalf("a caller that gave up waits on, or runs: %v", v.err)
	}
}

func (s *site) resize(t *rapid.T) {
	s.config.Limit = rapid.IntRange(1, 4).Draw(t, "limit")
	if err := s.bulkhead.Update(s.config); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
}

// check looks at everybody.
func (s *site) check(t *rapid.T) {
	holders, waiters := s.holders()
	seen := s.bulkhead.Snapshot()
	if seen.InFlight != len(holders) || seen.Waiting != len(waiters) {
		t.Fatalf("the bulkhead knows of %d calls and %d waiters, there are %d and %d",
			seen.InFlight, seen.Waiting, len(holders), len(waiters))
	}
	if len(waiters) > 0 && len(holders) < s.config.Limit {
		t.Fatalf("%d callers wait and %d of %d permits are free", len(waiters), s.config.Limit-len(holders), s.config.Limit)
	}
	for _, v := range waiters {
		if waits := time.Since(v.arrived); waits > s.config.MaxWait {
			t.Fatalf("a caller has waited for %v, the longest wait is %v", waits, s.config.MaxWait)
		}
	}
}

// close lets everybody go.
func (s *site) close() {
	for _, v := range s.visitors {
		v.cancel()
	}
	synctest.Wait()
	for holders, _ := s.holders(); len(holders) > 0; holders, _ = s.holders() {
		s.drop(holders[0])
	}
}
