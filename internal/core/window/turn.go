package window

// A turn of a [Running] has one word on every stripe: how many calls that began
// in it still run, when the last of them began, and a key that tells the turn
// from others that use the same word.
const (
	callsMask = 1<<24 - 1 // signed: a call may enter on one stripe and leave on another
	partAt    = 24
	partBits  = 24 // the start of a call within its turn
	partMask  = (1<<partBits - 1) << partAt
	turnAt    = 48
	turnMask  = (1<<5 - 1) << turnAt
	tagBit    = 53
	validBit  = 1 << 63
	keyMask   = ^uint64(callsMask | partMask)
)

// key tells apart turns that are less than 32 apart, and 1024 tags.
func key(tag uint16, turn int64) uint64 {
	return validBit | uint64(tag)<<tagBit&^validBit | uint64(turn)<<turnAt&turnMask
}

// pack adds calls to the word old. The last of them began at part.
func pack(old, part uint64, calls int) uint64 {
	return old&keyMask | max(old&partMask, part) | (old+uint64(calls))&callsMask
}

// count returns the calls in the sum of a turn's words. A word alone may have
// overflowed, which comes right in the sum: fewer than 2^23 calls run.
func count(words uint64) int64 { return int64(words<<40) >> 40 }

func (r *Running) turn(t int64) int64 { return t >> r.shift }

// part returns the time t within its turn, as it is packed. It is rounded down
// by less than a part in 2^24 of the turn, below what a clock can tell.
func (r *Running) part(t int64) uint64 {
	within := uint64(t) & (1<<r.shift - 1)
	return within >> max(0, r.shift-partBits) << partAt
}

// began is the inverse of part for a turn.
func (r *Running) began(turn int64, packed uint64) int64 {
	within := packed & partMask >> partAt << max(0, r.shift-partBits)
	return turn<<r.shift + int64(within)
}

// begin makes the words of a turn ready for calls.
func (r *Running) begin(turn int64, tag uint16) {
	for i := range r.stripes {
		r.stripes[i][place(turn)].Store(key(tag, turn))
	}
	r.newest = turn
}

// sum returns how many calls of a turn still run, and when the last began: never
// and long ago if the turn has not begun or has been taken.
func (r *Running) sum(turn int64, tag uint16) (calls, last int64) {
	last = turn << r.shift
	var words uint64
	for i := range r.stripes {
		packed := r.stripes[i][place(turn)].Load()
		if packed&keyMask != key(tag, turn) {
			continue
		}
		words += packed
		last = max(last, r.began(turn, packed))
	}
	return count(words), last
}

// take ends a turn and returns how many of its calls still run.
func (r *Running) take(turn int64) (calls int64) {
	var words uint64
	for i := range r.stripes {
		words += r.stripes[i][place(turn)].Swap(0)
	}
	return count(words)
}

// place is where the word of a turn is.
func place(turn int64) int { return int(turn & (turns - 1)) }
