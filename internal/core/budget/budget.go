// Package budget decides how many retries a stream of calls may cost.
//
// A [Machine] holds tokens in a sliding window. Each success deposits a
// fraction of a token, each retry takes a whole one, and both are forgotten
// when the window has passed: retries stay a fixed share of the successes of
// the last few seconds. A floor drips in with time, so that a client with
// hardly any traffic may retry now and then.
package budget

// Token is one token. The machine counts in millionths, so that it adds and
// subtracts exactly.
const Token int64 = 1_000_000

// slots is the number of slices the window is kept in: ten whole ones and the
// current one. What happened is remembered for the window and at most a tenth.
const slots = 11

// Config holds the amounts, in millionths of a token, and the window in
// nanoseconds. All are positive, and Window is at least ten.
type Config struct {
	Deposit int64 // what one success adds
	Drip    int64 // what each tenth of the window adds
	Window  int64
}

// Machine is the state of a budget. It is not safe for concurrent use.
type Machine struct {
	config  Config
	width   int64 // of a slice, in nanoseconds
	head    int64 // the number of the current slice: the time divided by width
	slices  [slots]int64
	balance int64 // the sum of slices
	folded  int64 // until when successes have been deposited
}

// New returns a machine at the time now. It starts with one token.
func New(config Config, now int64) *Machine {
	m := &Machine{config: config, width: config.Window / (slots - 1)}
	m.head = now / m.width
	m.folded = now
	m.add(m.head, Token)
	return m
}

// Deposit adds what successes calls earn that succeeded at some time after the
// last Deposit. They are spread evenly over that time: callers report them in
// batches, because a clock reading for each success would cost more than the
// retry policy around it.
func (m *Machine) Deposit(now, successes int64) {
	m.advance(now)
	now = max(now, m.folded)
	total := successes * m.config.Deposit
	span := now - m.folded
	oldest := max(m.folded, (m.head-slots+1)*m.width)
	for slice := oldest / m.width; slice <= now/m.width; slice++ {
		from := max(m.folded, slice*m.width)
		to := min(now, (slice+1)*m.width)
		m.add(slice, share(total, to-from, span))
	}
	m.folded = now
}

// share returns part/whole of total, and all of it when whole is zero.
func share(total, part, whole int64) int64 {
	if part >= whole {
		return total
	}
	return int64(float64(total) * (float64(part) / float64(whole)))
}

// Withdraw takes a token for one retry. The stamp is for Refund.
func (m *Machine) Withdraw(now int64) (stamp int64, ok bool) {
	m.advance(now)
	if m.balance < Token {
		return 0, false
	}
	m.add(m.head, -Token)
	return m.head, true
}

// Refund gives back the token that was taken with stamp, unless the window has
// forgotten it already.
func (m *Machine) Refund(now, stamp int64) {
	m.advance(now)
	if stamp > m.head-slots {
		m.add(stamp, Token)
	}
}

// Balance returns what is left, in millionths of a token. It may be below zero
// while the deposits that paid for recent retries are already forgotten.
func (m *Machine) Balance(now int64) int64 {
	m.advance(now)
	return m.balance
}

// advance moves the window on to now. A reading from the past changes nothing.
func (m *Machine) advance(now int64) {
	head := now / m.width
	for slice := max(m.head+1, head-slots+1); slice <= head; slice++ {
		i := slice % slots
		m.balance += m.config.Drip - m.slices[i]
		m.slices[i] = m.config.Drip
	}
	m.head = max(m.head, head)
}

// add books tokens in a slice that the window still holds.
func (m *Machine) add(slice, tokens int64) {
	m.slices[slice%slots] += tokens
	m.balance += tokens
}
