package permits

import (
	"runtime"
	"sync"
	"testing"
)

func TestAnnouncerTellsChanges(t *testing.T) {
	a := NewAnnouncer(5)
	var told [][2]int
	tell := func(from, to int) { told = append(told, [2]int{from, to}) }
	a.Tell(tell)
	a.Set(5)
	a.Tell(tell)
	if len(told) != 0 {
		t.Errorf("told %v when nothing had changed, want nothing", told)
	}
	a.Set(6)
	a.Set(7)
	a.Tell(tell)
	if len(told) != 1 || told[0] != [2]int{5, 7} {
		t.Errorf("told %v, want one change from 5 to 7", told)
	}
}

func TestAnnouncerKeepsOrder(t *testing.T) {
	a := NewAnnouncer(0)
	var inside, n, last int
	tell := func(from, to int) { // without a lock: the race detector sees two at once
		inside++
		if inside != 1 || from != last || to == from {
			t.Errorf("told %d to %d after %d, %d at once; want from the last on, one at a time", from, to, last, inside)
		}
		last, n = to, n+1
		runtime.Gosched()
		inside--
	}
	var callers sync.WaitGroup
	for i := range 16 {
		callers.Go(func() {
			for j := range 100 {
				a.Set(i*1000 + j)
				a.Tell(tell)
			}
		})
	}
	callers.Wait()
	a.Tell(tell)
	if last != a.latest {
		t.Errorf("the last that was told is %d, want %d; told %d times", last, a.latest, n)
	}
}

func TestAnnouncerListenerThatChanges(t *testing.T) {
	a := NewAnnouncer(0)
	var told []int
	var tell func(from, to int)
	tell = func(_, to int) {
		told = append(told, to)
		if to < 3 {
			a.Set(to + 1)
			a.Tell(tell)
		}
	}
	a.Set(1)
	a.Tell(tell)
	if len(told) != 3 || told[2] != 3 {
		t.Errorf("told %v, want [1 2 3]", told)
	}
}

func TestAnnouncerListenerThatLeaves(t *testing.T) {
	a := NewAnnouncer(0)
	a.Set(1)
	var caller sync.WaitGroup
	caller.Go(func() { a.Tell(func(int, int) { runtime.Goexit() }) })
	caller.Wait()
	a.Set(2)
	var told int
	a.Tell(func(_, to int) { told = to })
	if told != 2 {
		t.Errorf("told %d after a listener had left, want 2", told)
	}
}
