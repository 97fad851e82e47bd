package waitq

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// pair drives a queue and its reference with the same steps.
type pair struct {
	queue   *Queue[int]
	ref     reference
	waiters map[int]*Waiter[int] // those in the queue
	id      int
	now     int64
	log     []string
}

func newPair() *pair {
	bounds := Bounds{Capacity: 8, MaxWait: 100e6}
	return &pair{queue: New[int](bounds), ref: reference{bounds: bounds}, waiters: map[int]*Waiter[int]{}}
}

// step does what the four numbers say, and returns how the two differ.
func (p *pair) step(op, a, b, c uint8) error {
	switch op % 8 {
	case 0, 1:
		// Three of four are of the highest class, so that others come to be due.
		return p.offer(int(a%4)+1, min(int(b%16), Classes-1), c)
	case 2, 3:
		return p.next(int(a%6)-1, int(b%5)+2)
	case 4:
		return p.leave(a)
	case 5:
		return p.expire(a)
	case 6:
		return p.change(a, b, c)
	default: // time passes, or a reading is late
		p.now += int64(a)*int64(b)*1e3 - int64(c%8)*1e6
		return nil
	}
}

func (p *pair) note(format string, args ...any) {
	if len(p.log) == 20 {
		p.log = p.log[1:]
	}
	p.log = append(p.log, fmt.Sprintf("%v: "+format, append([]any{p.now}, args...)...))
}

func (p *pair) offer(weight, class int, deadline uint8) error {
	p.id++
	w := &Waiter[int]{Value: p.id, Weight: weight, Class: class, Deadline: NoDeadline}
	if deadline < 128 {
		w.Deadline = p.now + int64(deadline)*1e6 - 5e6
	}
	verdict, out := p.queue.Offer(p.now, w)
	evicted := -1
	if out != nil {
		evicted = out.Value
		delete(p.waiters, evicted)
	}
	if verdict == Waiting {
		p.waiters[p.id] = w
	}
	p.note("offer %d weight %d class %d deadline %d: %v, evicted %d", p.id, weight, class, w.Deadline, verdict, evicted)
	wantVerdict, wantEvicted := p.ref.offer(p.now, p.id, weight, class, w.Deadline)
	if verdict != wantVerdict || evicted != wantEvicted {
		return fmt.Errorf("Offer = %v, evicted %d; want %v, %d", verdict, evicted, wantVerdict, wantEvicted)
	}
	return nil
}

func (p *pair) next(free, limit int) error {
	w, verdict := p.queue.Next(p.now, free, limit)
	id := -1
	if w != nil {
		id = w.Value
		delete(p.waiters, id)
	}
	p.note("next free %d of %d: %d %v", free, limit, id, verdict)
	wantID, wantVerdict := p.ref.next(p.now, free, limit)
	if id != wantID || verdict != wantVerdict {
		return fmt.Errorf("Next = %d, %v; want %d, %v", id, verdict, wantID, wantVerdict)
	}
	return nil
}

// some returns one of those in the queue, or one that was.
func (p *pair) some(n uint8) int { return max(1, p.id-int(n%16)) }

func (p *pair) leave(n uint8) error {
	id := p.some(n)
	w, waits := p.waiters[id]
	if !waits {
		w = &Waiter[int]{Value: id}
	}
	delete(p.waiters, id)
	got, want := p.queue.Leave(w), p.ref.leave(id)
	p.note("leave %d: %v", id, got)
	if got != want {
		return fmt.Errorf("Leave(%d) = %v, want %v", id, got, want)
	}
	return nil
}

func (p *pair) expire(n uint8) error {
	id := p.some(n)
	w, waits := p.waiters[id]
	if !waits {
		return nil
	}
	verdict, left := p.queue.Expire(p.now, w)
	if verdict != Waiting {
		delete(p.waiters, id)
	}
	p.note("expire %d: %v %d", id, verdict, left)
	wantVerdict, wantLeft := p.ref.expire(p.now, id)
	if verdict != wantVerdict || left != wantLeft {
		return fmt.Errorf("Expire(%d) = %v, %d; want %v, %d", id, verdict, left, wantVerdict, wantLeft)
	}
	return nil
}

func (p *pair) change(a, b, c uint8) error {
	if a%4 != 0 {
		took := (int64(b) - 8) * int64(c) * 1e4
		p.note("observe %d", took)
		p.queue.Observe(p.now, took)
		p.ref.tick(p.now)
		p.ref.service.observe(p.ref.now, took)
		return nil
	}
	bounds := Bounds{Capacity: int(b % 12), MaxWait: int64(c+1) * 1e6}
	p.note("bounds %+v", bounds)
	p.queue.SetBounds(bounds)
	p.ref.bounds = bounds
	return nil
}

// check compares what the two say of themselves.
func (p *pair) check() error {
	if got, want := p.queue.State(p.now), p.ref.state(p.now); got != want {
		return fmt.Errorf("State = %+v, want %+v", got, want)
	}
	if got, want := p.queue.Admits(), p.ref.admits(); got != want {
		return fmt.Errorf("Admits = %04b, want %04b", got, want)
	}
	if got, want := p.queue.Len(), len(p.waiters); got != want {
		return fmt.Errorf("Len = %d, want %d", got, want)
	}
	return nil
}

func TestQueueLikeReference(t *testing.T) {
	steps := 100_000
	if testing.Short() {
		steps = 10_000
	}
	for seed := range uint64(4) { // together 1e5 steps
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			p := newPair()
			for i := range steps / 4 {
				n := r.Uint32()
				err := p.step(uint8(n), uint8(n>>8), uint8(n>>16), uint8(n>>24))
				if err == nil {
					err = p.check()
				}
				if err != nil {
					t.Fatalf("step %d: %v, after\n%v", i, err, p.log)
				}
			}
			t.Logf("%+v, %d granted", p.ref.counts, len(p.ref.grants))
		})
	}
}

func FuzzQueue(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 2, 2, 2, 2})
	f.Add([]byte{0, 3, 1, 200, 0, 0, 1, 200, 2, 2, 4, 0, 6, 255, 255, 0, 2, 5, 4, 0})
	f.Add([]byte{7, 0, 1, 9, 0, 0, 0, 200, 0, 0, 3, 200, 0, 0, 0, 200, 7, 0, 0, 9, 2, 0, 0, 0})
	f.Add([]byte{7, 1, 90, 90, 0, 1, 2, 40, 5, 0, 0, 0, 4, 0, 0, 0, 6, 99, 99, 0, 5, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		p := newPair()
		for len(data) >= 4 {
			err := p.step(data[0], data[1], data[2], data[3])
			if err == nil {
				err = p.check()
			}
			if err != nil {
				t.Fatalf("%v, after\n%v", err, p.log)
			}
			data = data[4:]
		}
	})
}
