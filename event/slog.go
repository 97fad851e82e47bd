package event

import (
	"context"
	"log/slog"
)

// Slog returns an observer that logs to l. A policy that opens is logged as a
// warning, other state changes as information, and what happens to single calls
// at the debug level, so that the default level shows changes and never floods
// under load.
func Slog(l *slog.Logger) Observer { return slogObserver{l} }

type slogObserver struct{ logger *slog.Logger }

func (s slogObserver) Observe(ctx context.Context, e Event) {
	level := e.level()
	if !s.logger.Enabled(ctx, level) {
		return
	}
	s.logger.LogAttrs(ctx, level, e.Policy+" "+e.Kind.String(), e.attrs()...)
}

// stateOpen is the state in which a policy refuses.
const stateOpen = 2

func (e Event) level() slog.Level {
	switch {
	case e.Kind == StateChanged && e.To == stateOpen:
		return slog.LevelWarn
	case e.Kind == StateChanged:
		return slog.LevelInfo
	default:
		return slog.LevelDebug
	}
}

func (e Event) attrs() []slog.Attr {
	attrs := make([]slog.Attr, 0, 8)
	if e.Name != "" {
		attrs = append(attrs, slog.String("name", e.Name))
	}
	switch e.Kind {
	case StateChanged:
		attrs = append(attrs, slog.String("from", stateName(e.From)), slog.String("to", stateName(e.To)))
	case LimitChanged:
		attrs = append(attrs, slog.Int("from", e.From), slog.Int("to", e.To))
	}
	if e.Attempt > 0 {
		attrs = append(attrs, slog.Int("attempt", e.Attempt))
	}
	if e.Elapsed > 0 {
		attrs = append(attrs, slog.Duration("elapsed", e.Elapsed))
	}
	if e.Wait > 0 {
		attrs = append(attrs, slog.Duration("wait", e.Wait))
	}
	if e.Err != nil {
		attrs = append(attrs, slog.String("cause", e.Err.Error()))
	}
	return attrs
}

func stateName(state int) string {
	switch state {
	case 0:
		return "closed"
	case 1:
		return "half_open"
	case stateOpen:
		return "open"
	default:
		return "unknown"
	}
}
