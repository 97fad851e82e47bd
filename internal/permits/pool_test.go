package permits

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/core/waitq"
)

// patient is a queue in which nobody waits too long.
var patient = waitq.Bounds{Capacity: 1000, MaxWait: 1e18}

// locked is the pool without a queue as one would write it with a mutex. The
// pool must decide like it, and be faster.
type locked struct {
	mu          sync.Mutex
	held, limit int
}

func (l *locked) try(n int) (left int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held+n > l.limit {
		return int64(l.limit - l.held - n)
	}
	l.held += n
	return int64(l.limit - l.held)
}

func (l *locked) release(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held -= n
}

func (l *locked) resize(limit int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.limit = limit
}

func TestPoolLikeMutex(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	p, model := New(10, patient), &locked{limit: 10}
	var held []int
	for i := range 100_000 {
		switch op := r.IntN(10); {
		case op == 0:
			limit := 1 + r.IntN(20)
			p.Resize(limit)
			model.resize(limit)
		case op < 5 && len(held) > 0:
			k := r.IntN(len(held))
			if p.Release(held[k]) {
				t.Fatalf("step %d: Release says that somebody waits", i)
			}
			model.release(held[k])
			held = append(held[:k], held[k+1:]...)
		default:
			n := 1 + r.IntN(3)
			got, want := p.Try(n), model.try(n)
			if got != want {
				t.Fatalf("step %d: Try(%d) = %d, want %d", i, n, got, want)
			}
			if got >= 0 {
				held = append(held, n)
			}
		}
		if s := p.State(); s.Held != model.held || s.Limit != model.limit || p.Limit() != model.limit {
			t.Fatalf("step %d: %d of %d held, want %d of %d", i, s.Held, s.Limit, model.held, model.limit)
		}
	}
}

func TestReleaseOfMoreThanWasHeld(t *testing.T) {
	tests := map[string]func(p *Pool){
		"nothing held": func(*Pool) {},
		"less held":    func(p *Pool) { p.Try(1) },
		"shrunk":       func(p *Pool) { p.Try(1); p.Resize(3) },
	}
	for name, prepare := range tests {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if r := recover(); r != "permits: released more than were held" {
					t.Errorf("Release panicked with %v, want it to say why", r)
				}
			}()
			p := New(5, patient)
			prepare(p)
			p.Release(2)
			t.Error("Release returned")
		})
	}
}

func TestOpen(t *testing.T) {
	of := func(p gate.Priority) context.Context { return gate.WithPriority(t.Context(), p) }
	p := New(1, waitq.Bounds{MaxWait: 1e9})
	if p.Queues() || p.Open(of(gate.CriticalPlus)) {
		t.Error("a pool without a queue says that somebody may wait")
	}
	p.SetBounds(waitq.Bounds{Capacity: 1, MaxWait: 1e9})
	if !p.Queues() || !p.Open(of(gate.Sheddable)) {
		t.Error("a pool with an empty queue says that nobody may wait")
	}
	p.Try(1)
	p.join(0, p.waiter(of(gate.SheddablePlus), 1))
	want := map[gate.Priority]bool{
		gate.Sheddable: false, gate.SheddablePlus: false, gate.Critical: true, gate.CriticalPlus: true,
		-100: false, 100: true, // beyond the classes counts as the nearest
	}
	for priority, want := range want {
		if got := p.Open(of(priority)); got != want {
			t.Errorf("Open(%v) = %v with a call of class 1 in a full queue, want %v", priority, got, want)
		}
	}
}

func TestAllocs(t *testing.T) {
	p := New(2, patient)
	ctx := gate.WithPriority(t.Context(), gate.Sheddable)
	tests := map[string]func(){
		"take and give back": func() { p.Try(1); p.Release(1) },
		"timed":              func() { p.Try(1); p.ReleaseTimed(1, 0, 1) },
		"in vain":            func() { p.Try(3); p.Open(ctx) },
	}
	for name, f := range tests {
		if got := testing.AllocsPerRun(100, f); got != 0 {
			t.Errorf("%s: %v allocations, want 0", name, got)
		}
	}
}

// BenchmarkPool shows that doing without a lock pays: beside the mutex that it
// replaces, alone and with more callers than cores.
func TestReleasedTooMuchHurtsNobodyElse(t *testing.T) {
	p := New(2, patient)
	twice := func() {
		defer func() { _ = recover() }()
		p.Release(1)
	}
	twice()
	for range 2 {
		if p.Try(1) < 0 {
			t.Fatal("Try found no permit, want 2")
		}
	}
	if p.Try(1) >= 0 {
		t.Error("a permit that came back twice can be taken twice")
	}
	for range 2 {
		p.Release(1) // panics if it is counted twice still
	}
}

func BenchmarkPool(b *testing.B) {
	type pool interface {
		take() bool
		give()
	}
	kinds := map[string]func() pool{
		"word":  func() pool { return words{New(1000, patient)} },
		"mutex": func() pool { return mutexes{&locked{limit: 1000}} },
	}
	for kind, make := range kinds {
		b.Run("case="+kind+"/callers=one", func(b *testing.B) {
			p := make()
			for b.Loop() {
				p.take()
				p.give()
			}
		})
		b.Run("case="+kind+"/callers=many", func(b *testing.B) {
			p := make()
			b.SetParallelism(16)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					p.take()
					p.give()
				}
			})
		})
		b.Run("case="+kind+"-full/callers=many", func(b *testing.B) {
			p := make()
			for p.take() {
			}
			b.SetParallelism(16)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					p.take()
				}
			})
		})
	}
}

type words struct{ *Pool }

func (p words) take() bool { return p.Try(1) >= 0 }
func (p words) give()      { p.Release(1) }

type mutexes struct{ *locked }

func (p mutexes) take() bool { return p.try(1) >= 0 }
func (p mutexes) give()      { p.release(1) }
