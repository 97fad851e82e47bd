package breaker_test

import (
	"encoding/json"
	"testing"

	"github.com/backstay-go/backstay/breaker"
)

func TestStateText(t *testing.T) {
	for s := breaker.Closed; s <= breaker.Open; s++ {
		text, err := s.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var back breaker.State
		if err := back.UnmarshalText(text); err != nil || back != s {
			t.Errorf("%s reads back as %v, %v; want %v", text, back, err, s)
		}
	}
	s := breaker.Open
	if err := s.UnmarshalText([]byte("ajar")); err == nil || s != breaker.Open {
		t.Errorf("UnmarshalText(ajar) = %v, %v; want an error and no change", s, err)
	}
}

func TestSnapshotSurvivesJSON(t *testing.T) {
	b := breaker.New(breaker.Config{Name: "users"})
	b.ForceOpen(0, "maintenance")
	want := b.Snapshot()
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got breaker.Snapshot
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("%s reads back as %+v, want %+v", text, got, want)
	}
}
