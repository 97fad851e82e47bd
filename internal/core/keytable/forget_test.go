package keytable

import (
	"testing"

	"github.com/backstay-go/backstay/internal/core/gcra"
)

func TestFloodResetsNobody(t *testing.T) {
	const burst, flood = 5, 300_000
	table := New(1000, 0, gcra.Spec{Count: 1, Period: 60 * second, Burst: burst})
	victim, granted := hash(1<<40), 0
	for key := range uint64(flood) {
		if key%1000 == 0 && table.Take(victim, 0, 1) == 0 {
			granted++
		}
		table.Take(hash(key), 0, 1)
	}
	if granted != burst {
		t.Errorf("during a flood of %d keys one key was granted %d calls, want %d", flood, granted, burst)
	}
	stats := table.Stats(0)
	if slots := table.lines * len(line{}); stats.Busy != slots {
		t.Errorf("%d words are busy, want all of %d", stats.Busy, slots)
	}
	if stats.Crowded < flood/2 {
		t.Errorf("%d calls found no room, want most of %d", stats.Crowded, flood)
	}
	if ready := table.Take(hash(1<<41), hour, burst); ready != hour {
		t.Errorf("an hour later a key is ready at %d, want at once", ready)
	}
}

func TestOverflowDebtFollowsTheKey(t *testing.T) {
	table := New(1, 0, gcra.Spec{Count: 1, Period: second, Burst: 2})
	for i := range uint64(8) { // these fill line 3 for two seconds
		table.Take(table.in(3, i+1), 0, 2)
	}
	late := table.in(3, 100)
	if ready := table.Take(late, second, 2); ready != second {
		t.Fatalf("a key without a word: ready at %d, want at once from the overflow", ready)
	}
	if ready := table.Take(table.in(3, 101), second, 1); ready != 2*second {
		t.Errorf("its neighbour: ready at %d, want %d as it shares the overflow", ready, 2*second)
	}
	if ready := table.Take(late, 2*second, 2); ready != 3*second {
		t.Errorf("the key when words are free again: ready at %d, want its debt taken along, until %d", ready, 3*second)
	}
	if got := table.Stats(0).Crowded; got != 2 {
		t.Errorf("Crowded = %d, want 2", got)
	}
}

func TestWordOfFullBucketIsReused(t *testing.T) {
	table := New(1, 0, gcra.Spec{Count: 1, Period: second, Burst: 1})
	for i := range uint64(100) {
		now := int64(i/8) * second // eight at a time, each for a second
		if ready := table.Take(table.in(5, i+1), now, 1); ready != now {
			t.Fatalf("key %d: ready at %d, want now, %d", i, ready, now)
		}
	}
	if got := table.Stats(0).Crowded; got != 0 {
		t.Errorf("%d calls found no room, want none", got)
	}
}

// The bucket of a key that lost its word was full at the time of the one who
// took it. A reading from before that time must not find it full already.
func TestLateReadingOfForgottenKey(t *testing.T) {
	table := New(1, 0, gcra.Spec{Count: 1, Period: 1000, Burst: 1})
	for i := range uint64(8) {
		table.Take(table.in(2, i+1), 0, 1)
	}
	table.Take(table.in(2, 9), 1000, 1) // takes the word of key 1
	table.Take(table.in(2, 1), 999, 1)  // read before, decided after
	if ready := table.Take(table.in(2, 1), 1999, 1); ready != 2000 {
		t.Errorf("the next call is ready at %d, want 2000", ready)
	}
}

func TestWordOfTheLongestFullBucketIsTaken(t *testing.T) {
	table := New(1, 0, gcra.Spec{Count: 1, Period: 1000, Burst: 1})
	for i := range uint64(8) {
		table.Take(table.in(2, i+1), int64(i+5)%8, 1) // key 4 at 0, key 3 at 7
	}
	table.Take(table.in(2, 9), 5000, 1)
	line := &table.current.Load().first.lines[2]
	if slot, _ := line.find(4); slot != nil {
		t.Error("the key that was full first still has its word")
	}
	if slot, _ := line.find(3); slot == nil {
		t.Error("the key that was full last has lost its word")
	}
}

func TestBusyWordIsNotTaken(t *testing.T) {
	table := New(1, 0, gcra.Spec{Count: 1, Period: 1000, Burst: 1})
	for i := range uint64(8) {
		table.Take(table.in(2, i+1), 0, 1)
	}
	table.Take(table.in(2, 9), 999, 1)
	if got := table.Stats(0).Crowded; got != 1 {
		t.Errorf("a nanosecond before the words are free %d calls found no room, want 1", got)
	}
}
