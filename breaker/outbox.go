package breaker

import (
	"context"
	"sync"

	"github.com/backstay-go/backstay/event"
)

// outbox holds the changes of state that are still to be told. One goroutine at
// a time delivers them, in order; the others go on with their calls. The
// breaker's lock guards it, and is not held while an observer runs.
type outbox struct {
	letters    []letter
	delivering bool
}

type letter struct {
	to    event.Observer
	event event.Event
}

// room is how many letters wait for a slow observer. Of more changes it learns
// the sum.
const room = 8

// post leaves an event to be delivered after the lock is given up. Requires
// b.mu.
func (b *Breaker) post(to event.Observer, e event.Event) {
	if b.outbox == nil {
		b.outbox = &outbox{letters: make([]letter, 0, room)}
	}
	o := b.outbox
	n := len(o.letters)
	if n < room {
		o.letters = append(o.letters, letter{to, e})
		return
	}
	// Merge the last two, so that every From remains the To before it.
	last := &o.letters[n-1]
	if last.event.From == e.To {
		o.letters = o.letters[:n-1]
		return
	}
	e.From = last.event.From
	*last = letter{to, e}
}

// claim reports whether the caller is to deliver. Requires the lock.
func (o *outbox) claim() bool {
	if o == nil || o.delivering || len(o.letters) == 0 {
		return false
	}
	o.delivering = true
	return true
}

// deliver tells what there is to tell, until nothing is left. It must follow a
// claim.
func (o *outbox) deliver(mu *sync.Mutex) {
	returned := false
	defer func() {
		if !returned { // an observer has ended the goroutine: others go on
			mu.Lock()
			o.delivering = false
			mu.Unlock()
		}
	}()
	for {
		mu.Lock()
		if len(o.letters) == 0 {
			o.delivering = false
			mu.Unlock()
			returned = true
			return
		}
		next := o.letters[0]
		o.letters = append(o.letters[:0], o.letters[1:]...)
		mu.Unlock()
		event.Notify(context.Background(), next.to, next.event)
	}
}
