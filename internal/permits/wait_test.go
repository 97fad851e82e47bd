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
	for len(o.line) > 0 && o.held() < o.limit {
		first := o.line[0]
		fits := o.sizes[first] <= o.limit
		if fits && o.held()+o.sizes[first] > o.limit {
			return
		}
		o.line = o.line[1:]
		if fits {
			o.in[first] = true
		}
	}
}

// visitors are goroutines that take permits and keep them until they are told.
type visitors struct {
	pool    *Pool
	cancel  map[int]context.CancelFunc
	release map[int]chan struct{}

	mu sync.Mutex
	in map[int]bool
}

func newVisitors(pool *Pool) *visitors {
	return &visitors{
		pool: pool, cancel: map[int]context.CancelFunc{}, release: map[int]chan struct{}{}, in: map[int]bool{},
	}
}

// come lets a visitor come who takes n permits.
func (v *visitors) come(ctx context.Context, id, n int) {
	release := make(chan struct{})
	ctx, v.cancel[id] = context.WithCancel(ctx)
	v.release[id] = release
	go func() {
		if v.pool.Try(n) < 0 && v.pool.Wait(ctx, v.pool.Now(), n) != waitq.Granted {
			return
		}
		v.enter(id, true)
		<-release
		v.enter(id, false)
		v.pool.ReleaseTimed(n, v.pool.Now(), 0)
	}()
}

func (v *visitors) enter(id int, in bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if delete(v.in, id); in {
		v.in[id] = true
	}
}

// inside returns who is in when all have done what they can.
func (v *visitors) inside() map[int]bool {
	synctest.Wait()
	v.mu.Lock()
	defer v.mu.Unlock()
	return maps.Clone(v.in)
}

// leave sends everybody away.
func (v *visitors) leave() {
	for _, cancel := range v.cancel {
		cancel()
	}
	for id := range v.inside() {
		close(v.release[id])
	}
	synctest.Wait()
}

// TestWaitersLikeLine takes random steps with callers who wait for each other,
// and compares who is in after each.
func TestWaitersLikeLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(3, 4))
		p := New(4, patient)
		model := office{limit: 4, sizes: map[int]int{}, in: map[int]bool{}}
		all := newVisitors(p)
		for id := range 3000 {
			switch op := r.IntN(10); {
			case op < 5:
				model.sizes[id] = 1 + r.IntN(4)
				model.line = append(model.line, id)
				all.come(t.Context(), id, model.sizes[id])
			case op < 8 && len(model.in) > 0:
				out := slices.Sorted(maps.Keys(model.in))[r.IntN(len(model.in))]
				delete(model.in, out)
				close(all.release[out])
			case op < 9 && len(model.line) > 0:
				k := r.IntN(len(model.line))
				all.cancel[model.line[k]]()
				model.line = slices.Delete(model.line, k, k+1)
			default:
				model.limit = 1 + r.IntN(8)
				p.Resize(model.limit)
			}
			model.settle()
			if got := all.inside(); !maps.Equal(got, model.in) {
				t.Fatalf("step %d: %v are in, want %v; in line %v", id, got, model.in, model.line)
			}
			if s := p.State(); s.Held != model.held() || s.Queue.Waiting != len(model.line) {
				t.Fatalf("step %d: %d held, %d wait; want %d, %d", id, s.Held, s.Queue.Waiting, model.held(), len(model.line))
			}
		}
		all.leave()
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
	if s.served.Load()%2 == 0 {
		s.pool.ReleaseTimed(n, s.pool.Now(), 1e6)
	} else if s.pool.Release(n) {
		s.pool.Dispatch(s.pool.Now())
	}
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
			pause := func(most time.Duration) { bubble.Pause(time.Duration(r.Int64N(int64(most)))) }
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
