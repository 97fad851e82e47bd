package budget

import (
	"math/rand/v2"
	"testing"
)

const second = int64(1e9)

// standard is one token for five successes over ten seconds, and a drip of 0.1
// a second.
var standard = Config{Deposit: Token / 5, Drip: Token / 10, Window: 10 * second}

func TestStartsWithOneToken(t *testing.T) {
	m := New(standard, 0)
	if _, ok := m.Withdraw(0); !ok {
		t.Error("the first retry is denied, want it granted")
	}
	if _, ok := m.Withdraw(0); ok {
		t.Error("a second retry without a success is granted, want it denied")
	}
}

func TestSuccessesPayForRetries(t *testing.T) {
	m := New(standard, 0)
	m.Deposit(second, 50) // ten tokens, and one from the start
	granted := 0
	for range 100 {
		if _, ok := m.Withdraw(second); ok {
			granted++
		}
	}
	if granted != 11 {
		t.Errorf("50 successes and the start pay for %d retries, want 11", granted)
	}
}

func TestDepositsAreForgotten(t *testing.T) {
	m := New(standard, 0)
	m.Deposit(0, 1000)
	m.Deposit(12*second, 0)
	if got, most := m.Balance(12*second), 2*Token; got > most {
		t.Errorf("two seconds after the window the balance is %d, want at most %d", got, most)
	}
}

// A batch that was counted over a minute must not arrive as if it had happened
// in the last second.
func TestBatchIsSpreadOverItsTime(t *testing.T) {
	m := New(standard, 0)
	m.Deposit(100*second, 1000) // ten a second: 200 tokens in all, 20 in a window
	got := m.Balance(100 * second)
	if least, most := 19*Token, 24*Token; got < least || got > most {
		t.Errorf("balance after 1000 successes in 100 s is %d, want from %d to %d", got, least, most)
	}
}

func TestFloorIsKept(t *testing.T) {
	m := New(standard, 0)
	granted := 0
	for s := range int64(600) {
		if _, ok := m.Withdraw(s * second); ok {
			granted++
		}
	}
	if granted < 50 || granted > 60 {
		t.Errorf("600 s without a success grant %d retries, want 50 to 60: one in ten seconds", granted)
	}
}

func TestRefund(t *testing.T) {
	m := New(standard, 0)
	before := m.Balance(0)
	stamp, _ := m.Withdraw(0)
	m.Refund(5*second, stamp)
	if got := m.Balance(0) - 5*standard.Drip; got != before {
		t.Errorf("balance after a refund is %d, want %d", got, before)
	}
}

func TestRefundAfterTheWindowIsLost(t *testing.T) {
	m := New(standard, 0)
	stamp, _ := m.Withdraw(0)
	before := m.Balance(60 * second)
	m.Refund(60*second, stamp)
	if got := m.Balance(60 * second); got != before {
		t.Errorf("a refund of a forgotten token changes the balance from %d to %d", before, got)
	}
}

func TestLateReadingsChangeNothing(t *testing.T) {
	m := New(standard, 0)
	m.Deposit(60*second, 500)
	balance := m.Balance(60 * second)
	if got := m.Balance(second); got != balance {
		t.Errorf("balance at a late reading is %d, want %d", got, balance)
	}
	m.Deposit(second, 0)
	if got := m.Balance(60 * second); got != balance {
		t.Errorf("an empty late deposit changes the balance from %d to %d", balance, got)
	}
}

// A late batch may reach a window that has moved on without it.
func TestLateDeposit(t *testing.T) {
	m := New(standard, 0)
	balance := m.Balance(60 * second)
	m.Deposit(55*second, 0)
	m.Deposit(58*second, 30)
	if got, want := m.Balance(60*second), balance+6*Token; got > want || got < want-Token {
		t.Errorf("balance after 30 successes from 55 s to 58 s is %d, want about %d", got, want)
	}
}

func TestModel(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	m, model := New(standard, 0), newModel(standard)
	now := int64(0)
	for step := range 20_000 {
		now += random.Int64N(3 * second / 2)
		at := now - random.Int64N(second/10)*random.Int64N(2) // sometimes late
		switch random.IntN(3) {
		case 0:
			m.Deposit(at, 0)
		case 1:
			_, got := m.Withdraw(at)
			if want := model.withdraw(at); got != want {
				t.Fatalf("step %d at %d: Withdraw = %v, want %v", step, at, got, want)
			}
		case 2:
			if got, want := m.Balance(at), model.balance(at); got != want {
				t.Fatalf("step %d at %d: Balance = %d, want %d", step, at, got, want)
			}
		}
	}
}

// model is the budget as one would first write it: a list of bookings, the time
// never going back.
type model struct {
	config   Config
	now      int64
	bookings []booking
}

type booking struct{ slice, tokens int64 }

func newModel(c Config) *model {
	return &model{config: c, bookings: []booking{{0, Token}}}
}

func (m *model) balance(now int64) int64 {
	width := m.config.Window / 10
	m.now = max(m.now, now)
	head, sum := m.now/width, int64(0)
	for _, b := range m.bookings {
		if b.slice > head-slots {
			sum += b.tokens
		}
	}
	// Every slice of the window but the very first has had its drip.
	return sum + min(head, slots)*m.config.Drip
}

func (m *model) withdraw(now int64) bool {
	if m.balance(now) < Token {
		return false
	}
	m.bookings = append(m.bookings, booking{m.now / (m.config.Window / 10), -Token})
	return true
}

// FuzzMachine checks on any schedule that the sum of the slices is the balance,
// and that a withdrawal needs a token.
func FuzzMachine(f *testing.F) {
	f.Add([]byte{0, 10, 1, 0, 2, 200, 1, 1, 0, 255})
	f.Add([]byte{1, 0, 1, 0, 1, 0, 2, 0, 2, 0})
	f.Fuzz(func(t *testing.T, script []byte) {
		m := New(standard, 0)
		now, stamps := int64(0), []int64{}
		for i := 0; i+1 < len(script); i += 2 {
			now += int64(script[i+1]) * second / 16
			switch script[i] % 4 {
			case 0:
				m.Deposit(now, int64(script[i+1]))
			case 1:
				before := m.Balance(now)
				stamp, ok := m.Withdraw(now)
				if ok != (before >= Token) {
					t.Fatalf("Withdraw with a balance of %d = %v", before, ok)
				}
				if ok {
					stamps = append(stamps, stamp)
				}
			case 2:
				if len(stamps) > 0 {
					m.Refund(now, stamps[0])
					stamps = stamps[1:]
				}
			case 3:
				m.Deposit(now-second, 3) // late
			}
			sum := int64(0)
			for _, tokens := range m.slices {
				sum += tokens
			}
			if sum != m.balance {
				t.Fatalf("the slices sum to %d, the balance is %d", sum, m.balance)
			}
		}
	})
}
