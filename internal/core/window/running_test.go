package window

import (
	"math/rand"
	"sync"
	"testing"
)

// advance returns how many calls are overdue at now.
func (r *Running) advance(now int64) int64 {
	r.Advance(now, 1)
	return r.Overdue()
}

func running(limit int64) *Running {
	r := NewRunning(limit)
	r.Start(0, 1)
	return r
}

// enter enters as its owner does, and returns the start.
func (r *Running) enter(t *testing.T, stripe uint, now int64) int64 {
	t.Helper()
	if !r.Enter(stripe, 1, now) {
		r.Advance(now, 1)
		if !r.Enter(stripe, 1, now) {
			t.Fatalf("Enter at %d after Advance = false, want true", now)
		}
	}
	return now
}

func TestTurns(t *testing.T) {
	for _, limit := range []int64{1, 2, 3, 6, 7, 12, 13, 100, 1e9, 365 * 24 * 3600 * 1e9} {
		turn := int64(1) << NewRunning(limit).shift
		if limit > 6*turn {
			t.Errorf("limit %d: a turn of %d is too short: %d of them do not last that long", limit, turn, turns-2)
		}
		if turn > 1 && 3*turn >= limit {
			t.Errorf("limit %d: a turn of %d is too long, want less than a third", limit, turn)
		}
	}
}

func TestCallsTogetherAreOnTime(t *testing.T) {
	const limit = 1000
	for start := range int64(300) {
		r := running(limit)
		for i := range uint(20) {
			r.enter(t, i, start)
		}
		if got := r.advance(start + limit - 1); got != 0 {
			t.Fatalf("start %d: %d calls are overdue before the limit, want 0", start, got)
		}
		if r.Enter(0, 1, start+limit) {
			t.Fatalf("start %d: Enter when calls become overdue = true, want false", start)
		}
		if !r.Advance(start+limit, 1) || r.Overdue() != 20 {
			t.Fatalf("start %d: %d calls are overdue at the limit, want 20", start, r.Overdue())
		}
	}
}

func TestLeaving(t *testing.T) {
	const limit = 600
	r := running(limit)
	a, b, c := r.enter(t, 0, 0), r.enter(t, 1, 0), r.enter(t, 2, 0)
	if !r.Leave(3, 1, a) { // on another stripe than it entered
		t.Error("Leave in time = false, want true")
	}
	if got := r.advance(limit); got != 2 {
		t.Errorf("%d calls are overdue, want 2", got)
	}
	if r.Leave(0, 1, b) {
		t.Error("Leave of an overdue call = true, want false")
	}
	r.LeaveLate(1, b)
	if got := r.Overdue(); got != 1 {
		t.Errorf("%d calls are overdue after one has left, want 1", got)
	}
	r.advance(1_000_000 * limit)
	r.LeaveLate(1, c)
	if got := r.Overdue(); got != 0 {
		t.Errorf("%d calls are overdue after all have left, want 0", got)
	}
	// One that is late, but not counted yet.
	d := r.enter(t, 0, 1_000_000*limit)
	e := r.enter(t, 0, 1_000_000*limit+50)
	r.LeaveLate(1, d)
	if got := r.advance(1_000_000*limit + 50 + limit); got != 1 {
		t.Errorf("%d calls are overdue, want 1", got)
	}
	r.LeaveLate(1, e)
	if got := r.Overdue(); got != 0 {
		t.Errorf("%d calls are overdue after all have left, want 0", got)
	}
}

// One goroutine may admit the calls that others end: then a stripe counts far
// more of them than run.
func TestManyCallsEnterAndLeaveOnOtherStripes(t *testing.T) {
	const calls = 1 << 23
	r := running(600)
	r.add(0, 1, 5, calls)
	r.add(1, 1, 5, -calls/2)
	r.add(2, 1, 5, -calls/2)
	r.enter(t, 0, 5)
	if got := r.advance(1000); got != 1 {
		t.Errorf("%d calls are overdue, want 1", got)
	}
}

func TestOldTagsEnterAndLeaveNothing(t *testing.T) {
	r := running(600)
	r.enter(t, 0, 10)
	r.Start(20, 2)
	if r.Enter(0, 1, 21) || r.Leave(0, 1, 10) {
		t.Error("Enter or Leave with an old tag = true, want false")
	}
	if !r.Enter(0, 2, 21) || !r.Leave(0, 2, 21) {
		t.Error("Enter and Leave with the tag = false, want true")
	}
	if r.Advance(10_000, 2) || r.Overdue() != 0 {
		t.Errorf("%d calls are overdue, want 0: those of the old tag are forgotten", r.Overdue())
	}
}

// TestRunningAgainstReference compares with a list of the calls: none is overdue
// early, and none a turn late.
func TestRunningAgainstReference(t *testing.T) {
	for seed := range int64(20) {
		random := rand.New(rand.NewSource(seed))
		limit := 1 + random.Int63n(2000)
		r := running(limit)
		turn := int64(1) << r.shift
		var calls []int64
		now := int64(0)
		for step := range 5000 {
			now += random.Int63n(limit/20 + 2)
			if random.Intn(200) == 0 {
				now += random.Int63n(40 * limit)
			}
			if len(calls) > 0 && random.Intn(2) == 0 {
				i := random.Intn(len(calls))
				start := calls[i]
				calls = append(calls[:i], calls[i+1:]...)
				if now-start >= limit || !r.Leave(uint(random.Uint32()), 1, start) {
					r.LeaveLate(1, start)
				}
			} else {
				calls = append(calls, r.enter(t, uint(random.Uint32()), now))
			}
			got, least, most := r.advance(now), int64(0), int64(0)
			for _, start := range calls {
				if now-start >= limit {
					most++
				}
				if now-start >= limit+turn {
					least++
				}
			}
			if got < least || got > most {
				t.Fatalf("seed %d, step %d: %d calls are overdue, want %d to %d", seed, step, got, least, most)
			}
		}
	}
}

// TestConcurrentCalls counts every call once, however they overlap with the
// passing of turns.
func TestConcurrentCalls(t *testing.T) {
	const limit, goroutines, each, hung = 1000, 8, 5000, 50
	r := running(limit)
	var mu sync.Mutex
	now := int64(0)
	read := func(by int64) int64 {
		mu.Lock()
		defer mu.Unlock()
		now += by
		return now
	}
	var calls sync.WaitGroup
	for g := range uint(goroutines) {
		calls.Go(func() {
			for i := range each {
				start := read(int64(i % 3))
				for !r.Enter(g, 1, start) {
					mu.Lock()
					r.Advance(now, 1)
					start = now
					mu.Unlock()
				}
				if i%(each/hung) == 0 {
					continue // never leaves
				}
				if end := read(1); end-start < limit && r.Leave(g+1, 1, start) {
					continue
				}
				mu.Lock()
				r.LeaveLate(1, start)
				mu.Unlock()
			}
		})
	}
	calls.Wait()
	if got := r.advance(now + 2*limit); got != goroutines*hung {
		t.Errorf("%d calls are overdue, want the %d that never left", got, goroutines*hung)
	}
}
