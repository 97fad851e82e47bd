package permits

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/bubble"
	"github.com/backstay-go/backstay/internal/core/waitq"
)

// office is the pool as one would explain it: callers stand in a line, and the
// first goes in when there is room.
type office struct {
	limit int
	line  []int       // who waits, in order
	sizes map[int]int // of everybody
	in    map[int]bool
}

func (o *office) held() (n int) {
	for id := range o.in {
		n += o.sizes[id]
	}
	return n
}

func (o *office) settle() {
	for len(o.line) > 0 {
		first := o.line[0]
		if o.sizes[first] <= o.limit && o.held()+o.sizes[first] > o.limit || o.held() >= o.limit {
			return
		}
		o.line = o.line[1:]
		if o.sizes[first] <= o.limit {
			o.in[first] = true
		}
	}
}

// caller is a goroutine that takes permits and keeps them until it is told.
type caller struct {
	cancel  context.CancelFunc
	release chan struct{}
}

// TestWaitersLikeLine takes random steps with callers who wait for each other,
// and compares who is in after each.
func TestWaitersLikeLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(3, 4))
		p := New(4, patient)
		model := office{limit: 4, sizes: map[int]int{}, in: map[int]bool{}}
		var mu sync.Mutex
		in := map[int]bool{}
		callers := map[int]caller{}
		inside := func() map[int]bool {
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			return maps.Clone(in)
		}
		come := func(id, n int) {
			ctx, cancel := context.WithCancel(t.Context())
			c := caller{cancel, make(chan struct{})}
			callers[id] = c
			go func() {
				if p.Try(n) < 0 && p.Wait(ctx, p.Now(), n) != waitq.Granted {
					return
				}
				mu.Lock()
				in[id] = true
				mu.Unlock()
				<-c.release
				mu.Lock()
				delete(in, id)
				mu.Unlock()
				p.ReleaseTimed(n, p.Now(), 0)
			}()
			model.sizes[id] = n
			model.line = append(model.line, id)
		}
		for id := range 3000 {
			switch op := r.IntN(10); {
			case op < 5:
				come(id, 1+r.IntN(4))
			case op < 8 && len(model.in) > 0:
				out := slices.Sorted(maps.Keys(model.in))[r.IntN(len(model.in))]
				close(callers[out].release)
				delete(model.in, out)
			case op < 9 && len(model.line) > 0:
				k := r.IntN(len(model.line))
				callers[model.line[k]].cancel()
				model.line = slices.Delete(model.line, k, k+1)
			default:
				model.limit = 1 + r.IntN(8)
				p.Resize(model.limit)
			}
			model.settle()
			if got := inside(); !maps.Equal(got, model.in) {
				t.Fatalf("step %d: %v are in, want %v; in line %v", id, got, model.in, model.line)
			}
			if s := p.State(); s.Held != model.held() || s.Queue.Waiting != len(model.line) {
				t.Fatalf("step %d: %d held, %d wait; want %d, %d", id, s.Held, s.Queue.Waiting, model.held(), len(model.line))
			}
		}
		p.Resize(100)
		for _, c := range callers {
			c.cancel()
		}
		for id := range inside() {
			close(callers[id].release)
		}
		synctest.Wait()
		if s := p.State(); s.Held != 0 || s.Queue.Waiting != 0 {
			t.Errorf("after all have left, %d are held and %d wait; want 0, 0", s.Held, s.Queue.Waiting)
		}
	})
}

// storm is many callers at once, of whom some give up.
type storm struct {
	pool    *Pool
	most    int64 // the largest limit
	held    atomic.Int64
	served  atomic.Int64
	too     atomic.Int64 // held more than the limit
	callers sync.WaitGroup
}

func (s *storm) run(callers, calls int, call func(r *rand.Rand)) {
	for i := range callers {
		s.callers.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 5))
			for range calls {
				call(r)
			}
		})
	}
}

// hold takes n permits, calls f and gives them back.
func (s *storm) hold(ctx context.Context, n int, f func()) {
	if s.pool.Try(n) < 0 {
		if s.pool.Wait(ctx, s.pool.Now(), n) != waitq.Granted {
			return
		}
	}
	if s.held.Add(int64(n)) > s.most {
		s.too.Add(1)
	}
	f()
	s.served.Add(1)
	s.held.Add(-int64(n))
	s.pool.ReleaseTimed(n, s.pool.Now(), 1e6)
}

// check waits for all to end, and finds whether anything is left behind.
func (s *storm) check(t *testing.T) {
	t.Helper()
	s.callers.Wait()
	if n := s.too.Load(); n > 0 {
		t.Errorf("more than the limit was held %d times", n)
	}
	if s.served.Load() == 0 {
		t.Error("nobody was served")
	}
	state := s.pool.State()
	if state.Held != 0 || state.Queue.Waiting != 0 {
		t.Errorf("when all had ended, %d were held and %d waited; want 0, 0", state.Held, state.Queue.Waiting)
	}
	if left := s.pool.Try(state.Limit); left != 0 {
		t.Errorf("Try of the whole limit leaves %d, want 0", left)
	}
	t.Logf("%d served, %+v", s.served.Load(), state.Queue.Counts)
}

// In virtual time: callers have deadlines and priorities, the limit moves, and
// whoever were forgotten would be found as a deadlock.
func TestStormInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := storm{pool: New(8, waitq.Bounds{Capacity: 64, MaxWait: int64(50 * time.Millisecond)}), most: 16}
		s.run(256, 20, func(r *rand.Rand) {
			ctx := gate.WithPriority(t.Context(), gate.Priority(r.IntN(4)-2))
			ctx, cancel := context.WithTimeout(ctx, time.Duration(r.IntN(40)+1)*time.Millisecond)
			defer cancel()
			pause := func(most time.Duration) { <-time.After(time.Duration(r.Int64N(int64(most)))) }
			s.hold(ctx, 1+r.IntN(4), func() { pause(2 * time.Millisecond) })
			pause(100 * time.Millisecond)
		})
		s.run(1, 200, func(r *rand.Rand) {
			s.pool.Resize(4 + r.IntN(13))
			s.pool.SetBounds(waitq.Bounds{Capacity: r.IntN(128), MaxWait: int64(r.IntN(50)+1) * 1e6})
			bubble.Advance(time.Millisecond)
		})
		s.check(t)
	})
}

// In real time, with nothing to slow the callers down but each other.
func TestStormInRealTime(t *testing.T) {
	s := storm{pool: New(4, patient), most: 4}
	s.run(256, 100, func(r *rand.Rand) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if r.IntN(4) == 0 {
			go cancel()
		}
		s.hold(ctx, 1+r.IntN(4), func() {})
	})
	s.check(t)
}

// Resizing while others take and give back is no reason to panic, and loses no
// permit.
func TestStormOfResizing(t *testing.T) {
	s := storm{pool: New(4, patient), most: 8}
	s.run(16, 1000, func(r *rand.Rand) { s.hold(t.Context(), 1+r.IntN(2), func() {}) })
	s.run(4, 1000, func(r *rand.Rand) { s.pool.Resize(2 + r.IntN(7)) })
	s.check(t)
}

func BenchmarkWait(b *testing.B) {
	p := New(1, patient)
	b.ReportAllocs()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if p.Try(1) < 0 {
				p.Wait(b.Context(), p.Now(), 1)
			}
			if p.Release(1) {
				p.Dispatch(p.Now())
			}
		}
	})
}
