package permits

import "sync"

// Announcer tells of the changes of a number, in order, one at a time and with
// no lock held. Changes that come while one is being told are told as one, so a
// slow listener holds up nobody but the caller who tells it.
type Announcer struct {
	mu           sync.Mutex
	told, latest int
	telling      bool
}

// NewAnnouncer returns an announcer of a number that is known to be n.
func NewAnnouncer(n int) *Announcer { return &Announcer{told: n, latest: n} }

// Set notes that the number is n now. Whoever changes the number holds a lock of
// its own around that and Set, and calls Tell afterwards.
func (a *Announcer) Set(n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.latest = n
}

// Tell calls tell with what has not been told yet, unless another goroutine, or
// tell itself, is about to.
func (a *Announcer) Tell(tell func(from, to int)) {
	for a.tellOne(tell) {
	}
}

func (a *Announcer) tellOne(tell func(from, to int)) bool {
	a.mu.Lock()
	from, to := a.told, a.latest
	if a.telling || from == to {
		a.mu.Unlock()
		return false
	}
	a.told, a.telling = to, true
	a.mu.Unlock()
	defer func() { // also when tell calls runtime.Goexit
		a.mu.Lock()
		a.telling = false
		a.mu.Unlock()
	}()
	tell(from, to)
	return true
}
