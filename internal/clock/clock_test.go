package clock_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay-go/backstay/internal/bubble"
	"github.com/backstay-go/backstay/internal/clock"
)

func TestCountsFromItsOwnEpoch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := clock.New()
		bubble.Advance(time.Second)
		second := clock.New()
		bubble.Advance(time.Second)

		if got, want := first.Now(), int64(2*time.Second); got != want {
			t.Errorf("the first clock stands at %d, want %d", got, want)
		}
		if got, want := second.Now(), int64(time.Second); got != want {
			t.Errorf("the second clock stands at %d, want %d", got, want)
		}
		if got, want := first.At(time.Now().Add(-time.Second)), int64(time.Second); got != want {
			t.Errorf("a reading of a second ago is %d, want %d", got, want)
		}
		if got := second.At(time.Now().Add(-3 * time.Second)); got != 0 {
			t.Errorf("a reading from before the epoch is %d, want 0", got)
		}
	})
}

func TestSleep(t *testing.T) {
	tests := []struct {
		name        string
		sleep, ends time.Duration // ends is when the context does; 0 for never
		took        time.Duration
		want        error
	}{
		{name: "whole", sleep: time.Second, took: time.Second},
		{name: "cut short", sleep: time.Minute, ends: time.Second, took: time.Second, want: context.DeadlineExceeded},
		{name: "none", sleep: 0},
		{name: "below zero", sleep: -time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if test.ends > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, test.ends)
					defer cancel()
				}
				begun := time.Now()
				err := clock.Sleep(ctx, test.sleep)
				if took := time.Since(begun); err != test.want || took != test.took {
					t.Errorf("Sleep = %v after %v, want %v after %v", err, took, test.want, test.took)
				}
			})
		})
	}
}

func TestSleepInEndedContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, d := range []time.Duration{0, time.Hour} {
		if err := clock.Sleep(ctx, d); err != context.Canceled {
			t.Errorf("Sleep(%v) in an ended context = %v, want context.Canceled", d, err)
		}
	}
}
