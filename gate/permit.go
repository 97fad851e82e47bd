package gate

import "time"

// A Permit is the right to run one call. Whoever acquired it calls
// [Permit.Done] or [Permit.DoneAt] exactly once, when the call has ended.
//
// A Permit is a value and costs no allocation. The zero Permit is valid and
// holds nothing. The two calls of one permit may come from different
// goroutines, but not at the same time.
type Permit struct {
	releaser Releaser
	token    Token
}

// A Releaser takes back the permits of a gate. It is for authors of gates;
// callers release through [Permit.Done].
type Releaser interface {
	// Release ends the call that token stands for. The error err says how the
	// call ended: nil is success, [ErrPanicked] a panic or runtime.Goexit.
	Release(token Token, err error)
}

// Token is what a gate remembers of one call between Acquire and Release. Both
// fields belong to the gate; no caller interprets them.
type Token struct {
	Start      time.Duration // when the call was admitted, since the gate's own epoch
	Generation uint64        // which state of the gate admitted it, in the lower 63 bits
}

// waited is set in the generation of a permit that was granted after a wait. It
// has no field of its own because the compiler keeps structs of up to four
// words in registers; with a fifth they go through memory, and every call takes
// 10 ns longer.
const waited = 1 << 63

// own returns the token as the gate made it.
func (p Permit) own() Token {
	p.token.Generation &^= waited
	return p.token
}

// NewPermit returns a permit that releases token to r. It is for authors of
// gates.
func NewPermit(r Releaser, token Token) Permit {
	return Permit{releaser: r, token: token}
}

// AfterWait returns p marked as granted after a wait. It is for authors of gates
// that are [Timed] and may wait.
func (p Permit) AfterWait() Permit {
	p.token.Generation |= waited
	return p
}

// Waited reports whether the gate waited, or may have, before it granted p: a clock
// reading taken before is out of date.
func (p Permit) Waited() bool { return p.token.Generation&waited != 0 }

// Done ends the call. The error err says how: nil is success, [ErrPanicked] a
// panic. Done is called exactly once for each permit; it never blocks for long
// and never fails.
func (p Permit) Done(err error) {
	if p.releaser != nil {
		p.releaser.Release(p.own(), err)
	}
}

// DoneAt is [Permit.Done] for a caller that has already read the clock. A gate
// that is not [Timed] reads its own.
func (p Permit) DoneAt(now time.Time, err error) {
	if timed, ok := p.releaser.(Timed); ok {
		timed.ReleaseAt(p.own(), now, err)
		return
	}
	p.Done(err)
}
