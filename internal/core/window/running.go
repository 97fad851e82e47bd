package window

import (
	"math/bits"
	"sync/atomic"
)

// Running knows how many of the calls under way have taken longer than a limit,
// without a record of each: calls that began in the same turn, a small part of
// the limit, are counted together. They are overdue as soon as the one that
// began last is. So no call is overdue before its limit, and none later than a
// third of the limit after that; calls that began together are on time.
//
// Enter and Leave are safe for concurrent use. The other methods need a lock of
// the owner's, under which they may run beside those two.
type Running struct {
	stripes [Stripes][turns]atomic.Uint64 // by turn modulo turns: see pack

	// alarm is when calls become overdue next; until then Enter needs no lock.
	alarm atomic.Int64

	limit   int64
	shift   int   // a turn is 1<<shift nanoseconds long
	newest  int64 // the last turn that was begun
	overdue int64
}

// turns is how many are counted apart. A limit is six of them or less, so the
// turn whose place a new one takes is always overdue by then.
const turns = 8

// NewRunning returns a Running for calls that are overdue after limit. It needs
// [Running.Start].
func NewRunning(limit int64) *Running {
	const most = turns - 2
	return &Running{limit: limit, shift: bits.Len64(uint64((limit - 1) / most))}
}

// Limit returns how long a call may take.
func (r *Running) Limit() int64 { return r.limit }

// Start forgets all calls, and those still to leave need a new tag to matter.
func (r *Running) Start(now int64, tag uint16) {
	for turn := range int64(turns) {
		r.take(turn)
	}
	r.overdue = 0
	r.begin(r.turn(now), tag)
	r.alarm.Store(now + r.limit)
}

// Enter notes a call that begins now. It reports false, and notes nothing, if
// time or the tag has moved on: [Running.Advance] comes first then.
func (r *Running) Enter(stripe uint, tag uint16, now int64) bool {
	if now >= r.alarm.Load() {
		return false
	}
	return r.add(stripe, tag, now, 1)
}

// Leave forgets a call that entered at start and ended within the limit. It
// reports false, and forgets nothing, if the call counts as overdue already or
// the tag has moved on.
func (r *Running) Leave(stripe uint, tag uint16, start int64) bool {
	return r.add(stripe, tag, start, -1)
}

func (r *Running) add(stripe uint, tag uint16, start int64, calls int) bool {
	turn := r.turn(start)
	began := r.part(start)
	slot := &r.stripes[stripe%Stripes][place(turn)]
	for {
		old := slot.Load()
		if old&keyMask != key(tag, turn) {
			return false
		}
		if slot.CompareAndSwap(old, pack(old, began, calls)) {
			return true
		}
	}
}

// LeaveLate forgets a call with the current tag that entered at start, however
// long ago.
func (r *Running) LeaveLate(tag uint16, start int64) {
	if r.turn(start) > r.newest-turns && r.Leave(0, tag, start) {
		return
	}
	r.overdue--
}

// Overdue returns how many calls under way have taken longer than the limit, as
// of the last [Running.Advance].
func (r *Running) Overdue() int64 { return r.overdue }

// Advance brings the count of overdue calls up to the time now, so that Enter
// can go on. It reports whether more calls are overdue than before.
func (r *Running) Advance(now int64, tag uint16) (more bool) {
	turn := r.turn(now)
	if now < r.alarm.Load() && turn <= r.newest {
		return false
	}
	before := r.overdue
	alarm := now + r.limit // for calls that begin from now on
	for old := r.newest - turns + 1; old <= r.newest; old++ {
		calls, last := r.sum(old, tag)
		switch {
		case last+r.limit <= now:
			r.overdue += r.take(old)
		case calls > 0:
			alarm = min(alarm, last+r.limit)
		}
	}
	if turn > r.newest {
		r.begin(turn, tag)
	}
	r.alarm.Store(alarm)
	return r.overdue > before
}
