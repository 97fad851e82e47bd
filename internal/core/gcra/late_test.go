package gcra

import "testing"

func TestLateUpdateMintsNothing(t *testing.T) {
	limit := Spec{Count: 1, Period: second, Burst: 1}
	m := NewMeter(limit)
	if ready := m.Take(100*second, 1); ready > 100*second {
		t.Fatalf("a full bucket has no token until %d", ready)
	}
	m.Update(50*second, limit) // its reading was overtaken by that of Take
	if ready := m.Take(100*second, 1); ready != 101*second {
		t.Errorf("after a late update the next token is due at %d, want %d", ready, 101*second)
	}
}
