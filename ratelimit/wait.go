package ratelimit

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/backstay-go/backstay/internal/core/gcra"
)

// forever is the patience of those who wait for as long as their context lasts.
const forever = longest

// Wait takes n tokens as soon as there are as many, and returns when they may be
// used. Those who wait are served in the order in which they came. MaxWait does
// not matter.
//
// If the wait cannot end before ctx's deadline, Wait refuses at once and takes
// nothing. If ctx ends, the tokens go to others. A refusal is a
// *gate.RejectedError; its reason is [ErrLimited], [ErrExceedsBurst] or ctx's
// error. A negative n is refused as well. Wait(ctx, 0) takes nothing and does
// not wait.
func (l *Limiter) Wait(ctx context.Context, n int) error {
	s := l.settings.Load()
	if n < 0 {
		return s.negative
	}
	_, err := l.wait(ctx, s, l.clock.Now(), int64(n), forever)
	return err
}

// wait takes n tokens that can be had within most of now, and returns when they
// may be used.
func (l *Limiter) wait(ctx context.Context, s *settings, now, n int64, most time.Duration) (waited bool, err error) {
	patience, err := s.patience(ctx, now, most)
	if err != nil {
		return false, err
	}
	r, taken := l.meter.Reserve(now, n, patience)
	if !taken {
		return false, s.refuse(ctx, r.At-now)
	}
	if err := s.sleep(ctx, r.At-now); err != nil {
		l.meter.Cancel(l.clock.Now(), r)
		return false, err
	}
	return r.At > now, nil
}

// A Reservation is a number of tokens that belong to a caller from some time on.
// It is safe for concurrent use.
type Reservation struct {
	limiter  *Limiter
	tokens   gcra.Reservation
	canceled atomic.Bool
}

// Reserve takes n tokens, whether or not they are there yet. Whoever reserves
// acts when [Reservation.Delay] has passed, or gives the tokens up with
// [Reservation.Cancel]. A refusal is a *gate.RejectedError, whose reason is
// [ErrExceedsBurst]; a negative n is refused as well.
func (l *Limiter) Reserve(n int) (*Reservation, error) {
	s := l.settings.Load()
	if n < 0 {
		return nil, s.negative
	}
	now := l.clock.Now()
	r, taken := l.meter.Reserve(now, int64(n), int64(forever))
	if !taken {
		if err := s.refuse(context.Background(), r.At-now); err != nil {
			return nil, err
		}
		r = gcra.Reservation{At: now}
	}
	return &Reservation{limiter: l, tokens: r}, nil
}

// Delay returns how long to wait from now until the tokens may be used, 0 if
// they may be.
func (r *Reservation) Delay() time.Duration {
	if r.limiter.settings.Load().Shadow {
		return 0
	}
	return time.Duration(max(r.tokens.At-r.limiter.clock.Now(), 0))
}

// Cancel gives the tokens up. If nobody reserved since, all is as if r had not
// been made. If others did, they keep their times, and the next who reserves
// gets the time of r. If the delay has passed, those of the tokens are refunded,
// as by [Limiter.Refund], that time has not brought back since. A second Cancel
// does nothing.
func (r *Reservation) Cancel() {
	if r.canceled.CompareAndSwap(false, true) {
		r.limiter.meter.Cancel(r.limiter.clock.Now(), r.tokens)
	}
}
