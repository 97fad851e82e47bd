package retry

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/backstay-go/backstay/internal/clock"
	"github.com/backstay-go/backstay/internal/core/budget"
)

// The defaults of a [BudgetConfig].
const (
	DefaultRatio  float64       = 0.2
	DefaultWindow time.Duration = 10 * time.Second
)

// maxWindow keeps the arithmetic of the window far from overflow.
const maxWindow = 24 * time.Hour

// foldEvery is how many successes are counted before the clock is read and they
// are put into the window. Counting costs 6 ns, reading the clock 30.
const foldEvery = 32

// BudgetConfig configures a [Budget].
type BudgetConfig struct {
	// Ratio is how many retries each success pays for.
	// If zero, DefaultRatio (0.2) is used: one retry for five successes.
	Ratio float64
	// Window is how long successes and retries are remembered, from one
	// millisecond to a day. If zero, DefaultWindow (10 s) is used.
	Window time.Duration
	// MinPerSecond is how many retries per second are allowed without any
	// success; it is at least one for each Window.
	// If zero, it is one for each Window: 0.1 for the default Window.
	MinPerSecond float64
}

// Validate reports every field that [NewBudget] does not take.
func (c BudgetConfig) Validate() error {
	var mistakes []error
	if !(c.Ratio >= 0 && c.Ratio <= 1000) {
		mistakes = append(mistakes, fmt.Errorf("retry: Budget Ratio is %v: want retries per success, from 0 to 1000", c.Ratio))
	}
	if c.Window != 0 && (c.Window < time.Millisecond || c.Window > maxWindow) {
		mistakes = append(mistakes, fmt.Errorf("retry: Budget Window is %v: want from 1ms to %v", c.Window, maxWindow))
		return errors.Join(mistakes...)
	}
	floor := 1 / c.withDefaults().Window.Seconds()
	if c.MinPerSecond != 0 && !(c.MinPerSecond >= floor*0.999 && c.MinPerSecond <= 1e6) {
		mistakes = append(mistakes, fmt.Errorf("retry: Budget MinPerSecond is %v: want from %.3g (one for each Window) to 1e6", c.MinPerSecond, floor))
	}
	return errors.Join(mistakes...)
}

func (c BudgetConfig) withDefaults() BudgetConfig {
	if c.Ratio == 0 {
		c.Ratio = DefaultRatio
	}
	if c.Window == 0 {
		c.Window = DefaultWindow
	}
	if c.MinPerSecond == 0 {
		c.MinPerSecond = 1 / c.Window.Seconds()
	}
	return c
}

// core converts c to the units of the machine. The drip is rounded up, so that
// the floor reaches a whole token within each window.
func (c BudgetConfig) core() budget.Config {
	c = c.withDefaults()
	const token = float64(budget.Token)
	return budget.Config{
		Deposit: int64(c.Ratio*token + 0.5),
		Drip:    int64(c.MinPerSecond*c.Window.Seconds()/10*token + 0.999),
		Window:  int64(c.Window),
	}
}

// Budget bounds the retries of many calls to one upstream together, so that
// retries cannot multiply an outage: a success earns a fraction of a retry, and
// when the budget is empty the error of the first attempt is returned at once.
// A retry that succeeds costs nothing.
//
// In a total outage, calls are attempted 1.01 times on average from ten calls a
// second up; at 30 % random errors hardly a retry is denied. Share one Budget
// between all policies that call the same upstream. A Budget is safe for
// concurrent use.
type Budget struct {
	clock     clock.Clock
	successes atomic.Int64 // not yet in the machine

	mu      sync.Mutex
	machine *budget.Machine
}

// NoBudget is the budget of a [Policy] that may retry without bound.
var NoBudget = &Budget{}

// NewBudget returns a Budget that starts with one retry. It panics if c is not
// valid.
func NewBudget(c BudgetConfig) *Budget {
	if err := c.Validate(); err != nil {
		panic(err.Error())
	}
	return &Budget{clock: clock.New(), machine: budget.New(c.core(), 0)}
}

// Tokens returns how many retries could start now. NoBudget has none to count.
func (b *Budget) Tokens() float64 {
	if b == NoBudget {
		return 0
	}
	now := b.clock.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fold(now)
	return max(0, float64(b.machine.Balance(now))/float64(budget.Token))
}

// deposit counts a success, and reports whether it was the one in foldEvery
// that pays for the clock reading.
func (b *Budget) deposit() bool {
	if b == NoBudget || b.successes.Add(1) < foldEvery {
		return false
	}
	now := b.clock.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fold(now)
	return true
}

// withdraw takes the token of one retry.
func (b *Budget) withdraw(now time.Time) (stamp int64, ok bool) {
	if b == NoBudget {
		return 0, true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fold(b.clock.At(now))
	return b.machine.Withdraw(b.clock.At(now))
}

// refund gives back the token that was taken with stamp.
func (b *Budget) refund(stamp int64) {
	if b == NoBudget {
		return
	}
	now := b.clock.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.machine.Refund(now, stamp)
}

// fold puts the successes counted since the last time into the window. It
// requires b.mu.
func (b *Budget) fold(now int64) {
	b.machine.Deposit(now, b.successes.Swap(0))
}
