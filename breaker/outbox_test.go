package breaker

import (
	"testing"

	"github.com/backstay-go/backstay/event"
)

// TestFullOutboxMerges posts more changes than there is room for: what remains
// is a chain still, and ends where it should.
func TestFullOutboxMerges(t *testing.T) {
	cycle := []State{Closed, Open, HalfOpen, Closed, Open, HalfOpen, Open}
	for n := range 60 {
		var b Breaker
		state := Closed
		for i := range n {
			next := cycle[(i+1)%len(cycle)]
			if next == state {
				continue
			}
			b.post(nil, event.Event{From: int(state), To: int(next)})
			state = next
		}
		if n < 2 {
			continue
		}
		told := int(Closed)
		for i, l := range b.outbox.letters {
			if l.event.From != told || l.event.To == told {
				t.Fatalf("of %d changes, number %d goes from %v to %v, want from %v to another",
					n, i, State(l.event.From), State(l.event.To), State(told))
			}
			told = l.event.To
		}
		if told != int(state) {
			t.Errorf("of %d changes, the last is to %v, want %v", n, State(told), state)
		}
		if got := len(b.outbox.letters); got > room || got < min(n, room)-2 {
			t.Errorf("of %d changes %d wait, want at most %d and few merged", n, got, room)
		}
	}
}
