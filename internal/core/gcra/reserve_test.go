package gcra

import (
	"math/rand/v2"
	"testing"

	"github.com/backstay-go/backstay/internal/ledger"
	"github.com/backstay-go/backstay/internal/script"
)

func TestReservationsAreServedInOrder(t *testing.T) {
	m := NewMeter(Spec{10, second, 1})
	for i, want := range []int64{0, second / 10, second / 5} {
		if r, taken := m.Reserve(0, 1, Never); !taken || r.At != want {
			t.Errorf("Reserve %d: at %d, %v; want %d", i+1, r.At, taken, want)
		}
	}
	if r, taken := m.Reserve(0, 1, 299_999_999); taken || r.At != 300_000_000 {
		t.Errorf("Reserve with too little patience: at %d, %v; want nothing until 300 ms", r.At, taken)
	}
	if r, taken := m.Reserve(0, 1, 300_000_000); !taken || r.At != 300_000_000 {
		t.Errorf("Reserve with just enough patience: at %d, %v; want 300 ms: a refusal charges nothing", r.At, taken)
	}
}

func TestCancelLast(t *testing.T) {
	m := NewMeter(Spec{10, second, 2}, Spec{1000, 3600 * second, 100})
	m.Take(0, 2)
	for range 3 {
		r, _ := m.Reserve(0, 1, Never)
		m.Cancel(0, r)
	}
	list, _ := m.Status(0)
	if list[0].Retry != second/10 || list[1].Remaining != 98 {
		t.Errorf("after cancelled reservations: retry in %d, %d of 100 remain; want %d and 98",
			list[0].Retry, list[1].Remaining, second/10)
	}
}

func TestCancelledSlotGoesToTheNext(t *testing.T) {
	m := NewMeter(Spec{10, second, 1})
	var waiting [4]Reservation
	for i := range waiting {
		waiting[i], _ = m.Reserve(0, 1, Never)
	}
	m.Cancel(0, waiting[2])
	m.Cancel(0, waiting[1])
	for i, want := range []int64{1, 2, 4, 5} {
		if r, _ := m.Reserve(0, 1, Never); r.At != want*second/10 {
			t.Errorf("Reserve %d after slots 1 and 2 were given up: at %d, want %d", i+1, r.At, want*second/10)
		}
	}
}

func TestPartOfCancelledSlot(t *testing.T) {
	m := NewMeter(Spec{10, second, 4})
	m.Take(0, 4)
	large, _ := m.Reserve(0, 3, Never)
	behind, _ := m.Reserve(0, 1, Never)
	m.Cancel(0, large)
	first, _ := m.Reserve(0, 2, Never)
	second, _ := m.Reserve(0, 1, Never)
	third, _ := m.Reserve(0, 1, Never)
	if first.At != large.At || second.At != large.At || third.At <= behind.At {
		t.Errorf("reservations of 2, 1 and 1 tokens at %d, %d, %d; want two at %d and one after %d",
			first.At, second.At, third.At, large.At, behind.At)
	}
	m.Cancel(0, first) // only a part of a slot: kept for others
	if r, _ := m.Reserve(0, 2, Never); r.At != large.At {
		t.Errorf("Reserve after the larger part was given up: at %d, want %d", r.At, large.At)
	}
}

func TestPastSlotIsGone(t *testing.T) {
	m := NewMeter(Spec{10, second, 1})
	m.Take(0, 1)
	early, _ := m.Reserve(0, 1, Never)
	late, _ := m.Reserve(0, 1, Never)
	m.Cancel(0, early)
	if r, _ := m.Reserve(early.At+1, 1, Never); r.At != late.At+second/10 {
		t.Errorf("Reserve when the slot has passed: at %d, want behind the last at %d", r.At, late.At+second/10)
	}
}

func TestThousandCancelledLeaveNoDebt(t *testing.T) {
	for _, burst := range []int64{1, 100} {
		for seed := range uint64(5) {
			m := NewMeter(Spec{10, second, burst})
			m.Take(0, burst)
			waiting := make([]Reservation, 1000)
			for i := range waiting {
				waiting[i], _ = m.Reserve(0, 1, Never)
			}
			rand.New(rand.NewPCG(seed, 3)).Shuffle(len(waiting), func(i, j int) {
				waiting[i], waiting[j] = waiting[j], waiting[i]
			})
			for _, r := range waiting {
				m.Cancel(1000, r)
			}
			if ready := m.Take(1000, 1); ready != second/10 {
				t.Errorf("burst %d: ready at %d after 1000 were cancelled, want %d", burst, ready, second/10)
			}
		}
	}
}

func TestSlotsKeptAreBounded(t *testing.T) {
	m := NewMeter(Spec{10, second, 1})
	var waiting []Reservation
	for range maxHoles + 10 {
		r, _ := m.Reserve(0, 1, Never)
		waiting = append(waiting, r)
	}
	for _, r := range waiting[:len(waiting)-1] {
		m.Cancel(0, r)
	}
	if got := len(m.queue.holes); got != maxHoles {
		t.Errorf("%d slots are kept, want %d", got, maxHoles)
	}
}

func TestCancelWhenDue(t *testing.T) {
	m := NewMeter(Spec{1, second, 10})
	granted, _ := m.Reserve(0, 4, 0)
	m.Take(0, 6)
	m.Cancel(0, granted)
	if got := m.TakeUpTo(0, 10); got != 4 {
		t.Errorf("TakeUpTo after a grant of 4 was cancelled = %d, want 4", got)
	}
}

// Tokens that time has brought back since are not given back a second time.
func TestCancelLongAfterDue(t *testing.T) {
	for _, test := range []struct{ spent, later, want int64 }{
		{spent: 0, later: 0, want: 4},
		{spent: 0, later: 3, want: 1},
		{spent: 0, later: 4, want: 0},
		{spent: 0, later: 400, want: 0},
		{spent: 2, later: 2, want: 4}, // without the four, the two would have come back
		{spent: 2, later: 5, want: 1},
	} {
		m := NewMeter(Spec{1, second, 10})
		m.Take(0, test.spent)
		r, _ := m.Reserve(0, 4, 0)
		now := test.later * second
		m.TakeUpTo(now, 10)
		m.Cancel(now, r)
		if got := m.TakeUpTo(now, 10); got != test.want {
			t.Errorf("a reservation of 4 behind %d, cancelled after %ds, gave %d tokens back, want %d", test.spent, test.later, got, test.want)
		}
	}
}

func TestRefundBesideThoseWhoWait(t *testing.T) {
	m := NewMeter(Spec{10, second, 1})
	m.Take(0, 1)
	m.Reserve(0, 1, Never)
	m.Refund(0, 1) // the bucket is full when the reservation is due: nothing fits beside it
	if ready := m.Take(0, 1); ready != 2*second/10 {
		t.Errorf("burst 1: ready at %d, want %d", ready, 2*second/10)
	}

	m = NewMeter(Spec{10, second, 10})
	m.Take(0, 10)
	m.Reserve(0, 1, Never)
	m.Refund(0, 5)
	if got := m.TakeUpTo(0, 10); got != 4 {
		t.Errorf("burst 10: TakeUpTo after 5 were given back = %d, want 4 and the one that waits", got)
	}
}

func TestRefundAfterTheQueueHasEnded(t *testing.T) {
	m := NewMeter(Spec{10, second, 10})
	m.Take(0, 10)
	r, _ := m.Reserve(0, 10, Never)
	for range 2 {
		now := r.At
		m.TakeUpTo(now, 10)
		r, _ = m.Reserve(now, 1, Never)
		m.Refund(now, 5)
		if got := m.TakeUpTo(now, 10); got != 4 {
			t.Errorf("TakeUpTo after 5 of a burst of 10 were given back beside one that waits = %d, want 4", got)
		}
	}
}

// record drives a meter with reservations that are given up, and with refunds,
// and returns what was used.
func record(s script.Script, m *Meter, specs []Spec, steps int, alter func(now int64)) *ledger.Ledger {
	type held struct {
		Reservation
		*ledger.Entry
	}
	l := &ledger.Ledger{}
	var waiting []held
	now := int64(0)
	for range steps {
		now += step(s, specs[0])
		n := min(s.Choose(4)+1, smallest(specs))
		switch s.Choose(8) {
		case 0, 1, 2:
			if r, taken := m.Reserve(now, n, s.Choose(2)*Never); taken {
				waiting = append(waiting, held{r, l.Use(r.At, n)})
			}
		case 3, 4:
			if len(waiting) == 0 {
				continue
			}
			i := s.Choose(int64(len(waiting)))
			h := waiting[i]
			waiting = append(waiting[:i], waiting[i+1:]...)
			m.Cancel(now, h.Reservation)
			if h.At > now {
				h.Void()
			} else {
				l.Use(now, -h.Tokens())
			}
		case 5:
			m.Refund(now, n)
			l.Use(now, -n)
		case 6:
			if got := m.TakeUpTo(now, n); got > 0 {
				l.Use(now, got)
			}
			alter(now)
		default:
			if m.Take(now, n) <= now {
				l.Use(now, n)
			}
		}
	}
	return l
}

func conserve(t *testing.T, s script.Script, steps int) {
	specs := anySpecs(s)
	l := record(s, NewMeter(specs...), specs, steps, func(int64) {})
	for _, spec := range specs {
		l.Check(t, spec.Count, spec.Period, spec.Burst)
	}
}

func TestNothingIsMinted(t *testing.T) {
	for seed := range uint64(1000) {
		conserve(t, script.Random(seed, 4), 300)
	}
}

func FuzzNothingIsMinted(f *testing.F) {
	f.Add([]byte("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09"))
	f.Add([]byte("reserve, cancel, refund, and reserve again"))
	f.Fuzz(func(t *testing.T, bytes []byte) {
		conserve(t, script.Written(bytes), min(len(bytes), 200))
	})
}
