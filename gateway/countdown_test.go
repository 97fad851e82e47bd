package gateway

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

var errOut = errors.New("time ran out")

func TestCountdown(t *testing.T) {
	tests := []struct {
		name   string
		play   func(c *countdown)
		inTime bool
	}{
		{"stopped in time", func(c *countdown) { c.start(time.Second); <-time.After(time.Second - 1); c.stop() }, true},
		{"ran out", func(c *countdown) { c.start(time.Second); <-time.After(time.Second + 1) }, false},
		{"never started", func(c *countdown) { <-time.After(time.Hour); c.stop() }, true},
		{"started later, in time", func(c *countdown) {
			start := c.startLater(time.Second)
			<-time.After(time.Hour)
			start()
			<-time.After(time.Second - 1)
			c.stop()
		}, true},
		{"started later, ran out", func(c *countdown) { c.startLater(time.Second)(); <-time.After(time.Second + 1) }, false},
		{"started after it was stopped", func(c *countdown) {
			start := c.startLater(time.Second)
			c.stop()
			start()
			<-time.After(time.Hour)
		}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var c countdown
				ctx := c.begin(t.Context(), errOut)
				defer c.cancel(nil)
				test.play(&c)
				if got := c.stop(); got != test.inTime {
					t.Errorf("in time: %v, want %v", got, test.inTime)
				}
				if got := context.Cause(ctx); (got == nil) != test.inTime || got != nil && got != errOut {
					t.Errorf("the context ended with %v", got)
				}
			})
		})
	}
}

func TestExchangeTellsItsTimeoutFromACancellation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, cancel := context.WithCancel(t.Context())
		x := &exchange{}
		x.Context = x.total.begin(client, errOut)
		x.total.start(time.Second)
		if err := x.Err(); err != nil {
			t.Errorf("Err = %v at first, want nil", err)
		}
		<-time.After(2 * time.Second)
		cancel()
		if err := x.Err(); err != context.DeadlineExceeded {
			t.Errorf("Err = %v after the timeout, want %v", err, context.DeadlineExceeded)
		}

		y := &exchange{Context: client}
		if err := y.Err(); err != context.Canceled {
			t.Errorf("Err = %v for a client that went away, want %v", err, context.Canceled)
		}
		y.release()
		x.release()
	})
}

func TestExchangeDeadline(t *testing.T) {
	now := time.Now()
	early, cancel := context.WithDeadline(t.Context(), now.Add(time.Second))
	defer cancel()
	if got, ok := (&exchange{Context: early, deadline: now.Add(time.Minute)}).Deadline(); !ok || !got.Equal(now.Add(time.Second)) {
		t.Errorf("the deadline is %v, %v; want the client's, which is tighter", got, ok)
	}
	if got, ok := (&exchange{Context: early, deadline: now}).Deadline(); !ok || !got.Equal(now) {
		t.Errorf("the deadline is %v, %v; want the exchange's own", got, ok)
	}
	if got, ok := (&exchange{Context: t.Context()}).Deadline(); ok {
		t.Errorf("the deadline is %v, want none", got)
	}
}
