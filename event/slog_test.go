package event_test

import (
	"bytes"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/backstay-go/backstay/event"
)

func TestSlog(t *testing.T) {
	cause := errors.New("connection refused")
	tests := []struct {
		event event.Event
		want  string
	}{
		{
			event.Event{Kind: event.StateChanged, Policy: "breaker", Name: "users", From: 0, To: 2, Wait: 5 * time.Second, Err: cause},
			"level=WARN msg=\"breaker state_changed\" name=users from=closed to=open wait=5s cause=\"connection refused\"\n",
		},
		{
			event.Event{Kind: event.StateChanged, Policy: "breaker", From: 2, To: 1},
			"level=INFO msg=\"breaker state_changed\" from=open to=half_open\n",
		},
		{
			event.Event{Kind: event.Retrying, Policy: "retry", Attempt: 1, Elapsed: time.Second, Wait: time.Millisecond, Err: cause},
			"level=DEBUG msg=\"retry retrying\" attempt=1 elapsed=1s wait=1ms cause=\"connection refused\"\n",
		},
		{
			event.Event{Kind: event.LimitChanged, Policy: "adaptive", From: 10, To: 12},
			"level=DEBUG msg=\"adaptive limit_changed\" from=10 to=12\n",
		},
	}
	for _, test := range tests {
		var out bytes.Buffer
		event.Notify(t.Context(), event.Slog(logger(&out, slog.LevelDebug)), test.event)
		if got := out.String(); got != test.want {
			t.Errorf("%v logs %swant %s", test.event, got, test.want)
		}
	}
}

func TestSlogIsQuietByDefault(t *testing.T) {
	var out bytes.Buffer
	o := event.Slog(logger(&out, slog.LevelInfo))
	for _, kind := range []event.Kind{event.Rejected, event.Retrying, event.Hedging, event.TimedOut, event.Finished} {
		event.Notify(t.Context(), o, event.Event{Kind: kind})
	}
	if out.Len() > 0 {
		t.Errorf("events of single calls log %q at the default level, want nothing", &out)
	}
}

// logger writes to out, without the time.
func logger(out *bytes.Buffer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{
		Level: level,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
}
