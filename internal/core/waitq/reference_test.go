package waitq

import (
	"math"
	"slices"
)

// reference is the queue as one would explain it: a list in the order of
// arrival, searched from end to end for every decision. The names are those of
// the waiters' values.
type reference struct {
	bounds   Bounds
	service  Service
	counts   Counts
	now      int64
	begun    int64
	patience int64
	waiters  []*refWaiter
	grants   []int // the classes that got one, in order
}

type refWaiter struct {
	Waiter[int]
	since, expires, end int64
	chosen              bool
}

func (r *reference) of(class int) (all []*refWaiter) {
	for _, w := range r.waiters {
		if w.Class == class {
			all = append(all, w)
		}
	}
	return all
}

// order returns the waiters of a class, the first to be served first.
func (r *reference) order(class int) []*refWaiter {
	all := r.of(class)
	if r.standing() {
		slices.Reverse(all)
	}
	slices.SortStableFunc(all, func(a, b *refWaiter) int {
		switch {
		case a.chosen == b.chosen:
			return 0
		case a.chosen:
			return -1
		default:
			return 1
		}
	})
	return all
}

func (r *reference) last(class int) *refWaiter {
	order := r.order(class)
	return order[len(order)-1]
}

func (r *reference) due(class int) bool {
	since := len(r.grants)
	if i := lastIndex(r.grants, class); i >= 0 {
		since = len(r.grants) - 1 - i
	}
	return since >= 96
}

func lastIndex(s []int, v int) int {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == v {
			return i
		}
	}
	return -1
}

func (r *reference) standing() bool {
	return len(r.waiters) > 0 && r.now >= r.begun+r.patience
}

func (r *reference) typical() int64 { return r.service.typical(r.now) }

func (r *reference) tick(now int64) {
	if now > r.now {
		r.now = now
	}
}

func (r *reference) remove(w *refWaiter) {
	r.waiters = slices.DeleteFunc(r.waiters, func(other *refWaiter) bool { return other == w })
}

func (r *reference) find(id int) *refWaiter {
	i := slices.IndexFunc(r.waiters, func(w *refWaiter) bool { return w.Value == id })
	if i < 0 {
		return nil
	}
	return r.waiters[i]
}

func (r *reference) victim(class int) *refWaiter {
	entitled := r.due(class) && len(r.of(class)) == 0
	for other := range Classes {
		n := len(r.of(other))
		if n == 0 || n == 1 && r.due(other) || other >= class && !entitled {
			continue
		}
		return r.last(other)
	}
	return nil
}

// offer returns the verdict and who was evicted, or -1.
func (r *reference) offer(now int64, id, weight, class int, deadline int64) (Verdict, int) {
	r.tick(now)
	if deadline != NoDeadline && deadline-r.typical() <= r.now {
		r.counts.Hopeless++
		return Hopeless, -1
	}
	evicted, first := -1, len(r.waiters) == 0
	if len(r.waiters) >= r.bounds.Capacity {
		out := r.victim(class)
		if out == nil {
			return Full, -1
		}
		r.counts.Evicted++
		r.remove(out)
		evicted = out.Value
	}
	end := min(r.now+r.bounds.MaxWait, deadline-r.typical())
	if patience := (end - r.now) / 2; first {
		r.begun, r.patience = r.now, patience
	} else {
		r.patience += (patience - r.patience) / 8
	}
	expires := end
	if r.standing() {
		expires = min(end, r.now+max(5e6, 2*r.service.base(r.now)))
	}
	r.waiters = append(r.waiters, &refWaiter{
		Waiter: Waiter[int]{Value: id, Weight: weight, Class: class, Deadline: deadline},
		since:  r.now, expires: expires, end: end,
	})
	return Waiting, evicted
}

func (r *reference) overdue(w *refWaiter) Verdict {
	if w.Deadline != NoDeadline && w.Deadline-r.typical() <= r.now {
		r.counts.Hopeless++
		return Hopeless
	}
	if w.expires <= r.now {
		r.counts.Expired++
		return Expired
	}
	return Waiting
}

// next returns who comes out, or -1, and the verdict on it.
func (r *reference) next(now int64, free, limit int) (int, Verdict) {
	r.tick(now)
	if len(r.waiters) > r.bounds.Capacity {
		w := r.surplus()
		r.counts.Evicted++
		r.remove(w)
		return w.Value, Evicted
	}
	if len(r.waiters) == 0 || free <= 0 {
		return -1, Waiting
	}
	w := r.turn()
	verdict := r.overdue(w)
	switch {
	case verdict != Waiting:
	case w.Weight > limit:
		r.counts.TooLarge++
		verdict = TooLarge
	case w.Weight > free:
		w.chosen, w.expires = true, w.end
		return -1, Waiting
	default:
		verdict = Granted
		r.grants = append(r.grants, w.Class)
	}
	r.remove(w)
	return w.Value, verdict
}

func (r *reference) surplus() *refWaiter {
	for class := range Classes {
		if len(r.of(class)) > 0 {
			return r.last(class)
		}
	}
	return nil
}

// turn returns whose turn it is.
func (r *reference) turn() *refWaiter {
	for _, onlyDue := range []bool{true, false} {
		for class := Classes - 1; class >= 0; class-- {
			if order := r.order(class); len(order) > 0 && (r.due(class) || !onlyDue) {
				return order[0]
			}
		}
	}
	return nil
}

func (r *reference) leave(id int) bool {
	w := r.find(id)
	if w != nil {
		r.remove(w)
	}
	return w != nil
}

func (r *reference) expire(now int64, id int) (Verdict, int64) {
	r.tick(now)
	w := r.find(id)
	if verdict := r.overdue(w); verdict != Waiting {
		r.remove(w)
		return verdict, 0
	}
	return Waiting, w.expires - r.now
}

func (r *reference) state(now int64) State {
	r.tick(now)
	s := State{Waiting: len(r.waiters), Capacity: r.bounds.Capacity, Standing: r.standing(), Typical: r.typical(), Counts: r.counts}
	first := int64(math.MaxInt64)
	for _, w := range r.waiters {
		first = min(first, w.since)
	}
	if len(r.waiters) > 0 {
		s.Oldest = r.now - first
	}
	return s
}

func (r *reference) admits() uint32 {
	var set uint32
	for class := range Classes {
		if len(r.waiters) < r.bounds.Capacity || r.victim(class) != nil {
			set |= 1 << class
		}
	}
	return set
}
