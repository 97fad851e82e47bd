package waitq

// AllClasses is the set of all classes, as Admits returns it.
const AllClasses = 1<<Classes - 1

// State is a queue at one moment.
type State struct {
	Waiting  int
	Capacity int
	Oldest   int64 // how long the oldest waiter has waited
	Standing bool  // the newest are served first
	Typical  int64 // how long a call takes, or 0 if that is not known
	Counts   Counts
}

// State returns the state of the queue.
func (q *Queue[T]) State(now int64) State {
	now = q.tick(now)
	state := State{
		Waiting:  q.length,
		Capacity: q.bounds.Capacity,
		Standing: q.Standing(),
		Typical:  q.service.typical(now),
		Counts:   q.counts,
	}
	for i := range q.classes {
		if w := q.classes[i].oldest; w != nil {
			state.Oldest = max(state.Oldest, now-w.since)
		}
	}
	return state
}

// Len returns how many wait.
func (q *Queue[T]) Len() int { return q.length }

// Typical returns how long a call takes, or 0 if that is not known.
func (q *Queue[T]) Typical() int64 { return q.service.typical(q.now) }

// Admits returns the set of classes, one bit for each, of which a newcomer would
// find a place now. It changes only when somebody comes, goes or is served, or
// with the bounds.
func (q *Queue[T]) Admits() uint32 {
	if q.length < q.bounds.Capacity {
		return AllClasses
	}
	var set uint32
	for rank := range Classes {
		if q.length > 0 && q.victim(rank) != nil {
			set |= 1 << rank
		}
	}
	return set
}
