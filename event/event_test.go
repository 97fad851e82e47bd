package event_test

import (
	"context"
	"errors"
	"testing"

	"github.com/backstay-go/backstay/event"
)

func TestNotifyWithoutObserver(t *testing.T) {
	event.Notify(t.Context(), nil, event.Event{})
}

func TestNotifySurvivesPanic(t *testing.T) {
	told := 0
	rude := event.Func(func(context.Context, event.Event) { told++; panic("on purpose") })
	event.Notify(t.Context(), rude, event.Event{})
	if told != 1 {
		t.Errorf("the observer was told %d times, want 1", told)
	}
}

func TestTee(t *testing.T) {
	var order []int
	note := func(n int) event.Observer {
		return event.Func(func(context.Context, event.Event) { order = append(order, n) })
	}
	rude := event.Func(func(context.Context, event.Event) { panic("on purpose") })

	event.Notify(t.Context(), event.Tee(note(1), nil, rude, note(2)), event.Event{})
	if len(order) != 2 || order[0] != 1 || order[1] != 2 {
		t.Errorf("observers were told in the order %v, want [1 2]", order)
	}
	if got := event.Tee(nil, nil); got != nil {
		t.Errorf("Tee of nothing = %v, want nil", got)
	}
}

func TestKindNames(t *testing.T) {
	seen := map[string]bool{}
	for k := event.Rejected; k <= event.Finished; k++ {
		name := k.String()
		if name == "unknown" || seen[name] {
			t.Errorf("Kind(%d).String() = %q, want a name of its own", k, name)
		}
		seen[name] = true
	}
	if got := event.Kind(200).String(); got != "unknown" {
		t.Errorf("Kind(200).String() = %q, want unknown", got)
	}
}

func TestNotifyAllocs(t *testing.T) {
	told := 0
	var o event.Observer = event.Func(func(context.Context, event.Event) { told++ })
	e := event.Event{Kind: event.Finished, Err: errors.New("failure")}
	if got := testing.AllocsPerRun(100, func() { event.Notify(t.Context(), o, e) }); got != 0 {
		t.Errorf("Notify makes %v allocations, want 0", got)
	}
	if told == 0 {
		t.Error("the observer was told nothing")
	}
}
