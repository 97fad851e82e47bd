package waitq

import (
	"math/rand/v2"
	"testing"
)

// crowd keeps a full queue of the classes given, and serves one after the other.
type crowd struct {
	*testing.T
	queue *Queue[int]
	now   int64
}

func newCrowd(t *testing.T, capacity int) *crowd {
	return &crowd{t, New[int](Bounds{Capacity: capacity, MaxWait: 1e12}), 0}
}

func (c *crowd) offer(class, weight int) Verdict {
	verdict, _ := c.queue.Offer(c.now, &Waiter[int]{Value: weight, Weight: weight, Class: class, Deadline: NoDeadline})
	return verdict
}

// serve grants to one waiter and returns it.
func (c *crowd) serve(free int) *Waiter[int] {
	c.Helper()
	w, verdict := c.queue.Next(c.now, free, 100)
	if w != nil && verdict != Granted {
		c.Fatalf("Next = %v, want a grant", verdict)
	}
	return w
}

func TestFloorOfEachClass(t *testing.T) {
	c := newCrowd(t, 100)
	const grants = 5000
	var got, gap [Classes]int
	for range grants {
		for class := range Classes { // two of each always wait
			for c.queue.classes[class].length < 2 {
				c.offer(class, 1)
			}
		}
		class := c.serve(1).Class
		got[class]++
		for other := range Classes {
			gap[other]++
			if other == class {
				gap[other] = 0
			} else if gap[other] > 99 {
				t.Fatalf("class %d got none of %d grants, want one of 100; so far %v", other, gap[other], got)
			}
		}
	}
	for class, n := range got[:Classes-1] {
		if n > grants*2/100 {
			t.Errorf("class %d got %d of %d grants, want no more than its floor of 1 %%; %v", class, n, grants, got)
		}
	}
}

// A class that is never in the queue because the queue is full of a higher one
// has its floor all the same.
func TestFloorAtTheDoor(t *testing.T) {
	c := newCrowd(t, 10)
	served := 0
	for range 10_000 {
		for c.offer(2, 1) == Waiting {
		}
		c.offer(0, 1)
		if c.serve(1).Class == 0 {
			served++
		}
	}
	if served < 100 || served > 110 {
		t.Errorf("the lowest class got %d of 10000 grants, want 100 to 110", served)
	}
}

// Two of a class that is due do not both displace a higher class.
func TestFloorIsOnePlace(t *testing.T) {
	c := newCrowd(t, 4)
	for range floor {
		c.offer(2, 1)
		c.serve(1)
	}
	for range 4 {
		c.offer(2, 1)
	}
	if got := c.offer(0, 1); got != Waiting {
		t.Fatalf("the first of a class that is due = %v, want a place", got)
	}
	if got := c.offer(0, 1); got != Full {
		t.Errorf("the second of a class that is due = %v, want full", got)
	}
	if got := c.offer(3, 1); got != Waiting {
		t.Fatalf("a call of the highest class = %v, want a place", got)
	}
	if n := c.queue.classes[0].length; n != 1 {
		t.Errorf("%d of the class that is due are left, want 1", n)
	}
}

// Large callers are served although small ones never stop coming, in a healthy
// queue as in one that stands.
func TestLargeIsNotStarved(t *testing.T) {
	for _, standing := range []bool{false, true} {
		c := newCrowd(t, 50)
		if standing {
			c.offer(0, 1) // never served, so that the queue stands
			c.now = 1e12 - 1e9
		}
		const limit, large = 10, 8
		r := rand.New(rand.NewPCG(1, 1))
		held, served := limit, 0
		for range 10_000 {
			weight := 1
			if r.IntN(20) == 0 {
				weight = large
			}
			c.offer(2, weight)
			held -= min(held, r.IntN(2))
			for w := c.serve(limit - held); w != nil; w = c.serve(limit - held) {
				held += w.Weight
				if w.Weight == large {
					served++
				}
			}
		}
		if served < 100 {
			t.Errorf("standing %v: %d large callers were served, want at least 100", standing, served)
		}
	}
}

// Nothing but the waiter itself is allocated.
func TestAllocs(t *testing.T) {
	c := newCrowd(t, 10)
	w := &Waiter[int]{Weight: 1, Deadline: NoDeadline}
	if got := testing.AllocsPerRun(100, func() {
		c.queue.Offer(c.now, w)
		c.queue.Next(c.now, 1, 1)
	}); got != 0 {
		t.Errorf("Offer and Next make %v allocations, want 0", got)
	}
}

func BenchmarkQueue(b *testing.B) {
	for _, waiting := range []int{0, 10, 10_000} {
		b.Run("case="+map[int]string{0: "empty", 10: "ten", 10_000: "long"}[waiting], func(b *testing.B) {
			q := New[int](Bounds{Capacity: waiting + 1, MaxWait: 1e12})
			for range waiting {
				q.Offer(0, &Waiter[int]{Weight: 1, Class: 2, Deadline: NoDeadline})
			}
			b.ReportAllocs()
			w := &Waiter[int]{Weight: 1, Class: 2, Deadline: NoDeadline}
			for b.Loop() {
				q.Offer(1, w)
				w, _ = q.Next(1, 1, 1)
			}
		})
	}
}
