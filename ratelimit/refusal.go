package ratelimit

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/backstay-go/backstay/event"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/clock"
)

const policy = "ratelimit"

// ErrLimited is the reason of a refusal when the limit is reached. The refusal
// says After which time the same call is admitted, if no other comes before it.
var ErrLimited = errors.New("rate limit reached")

// ErrExceedsBurst is the reason of a refusal that waiting cannot change: the
// call wants more tokens than a full bucket holds.
var ErrExceedsBurst = errors.New("more tokens than the burst")

// errNegative is the reason of a refusal of a caller's mistake.
var errNegative = errors.New("negative number of tokens")

// settings is a [Config] in force, with the refusals that are always the same.
type settings struct {
	Config
	clock              clock.Clock
	tooLarge, negative *gate.RejectedError
}

func newSettings(c Config, clock clock.Clock) *settings {
	c.And = slices.Clone(c.And) // the caller's may change
	s := &settings{Config: c, clock: clock}
	s.tooLarge = s.refusal(ErrExceedsBurst)
	s.negative = s.refusal(errNegative)
	return s
}

func (s *settings) refusal(reason error) *gate.RejectedError {
	return &gate.RejectedError{Policy: policy, Name: s.Name, Reason: reason}
}

// refuse returns the refusal of a call that would be admitted after wait, and
// tells the observer. It returns nil if the limiter is a shadow.
func (s *settings) refuse(ctx context.Context, wait int64) error {
	if s.Shadow && s.Observer == nil {
		return nil
	}
	if wait > math.MaxInt64/2 { // what is left of gcra.Never
		return s.report(ctx, s.tooLarge)
	}
	refusal := s.refusal(ErrLimited)
	refusal.After = time.Duration(wait)
	return s.report(ctx, refusal)
}

// overlook deals with a refusal that its caller sees as a bool, and reports
// whether the call is admitted all the same.
func (s *settings) overlook(wait int64) bool {
	if s.Observer != nil {
		_ = s.refuse(context.Background(), wait)
	}
	return s.Shadow
}

// report tells the observer of a refusal, and returns it, or nil if the limiter
// is a shadow.
func (s *settings) report(ctx context.Context, refusal *gate.RejectedError) error {
	event.Notify(ctx, s.Observer, event.Event{
		Kind: event.Rejected, Policy: policy, Name: s.Name, Wait: refusal.After, Err: refusal,
	})
	if s.Shadow {
		return nil
	}
	return refusal
}

// patience returns how many nanoseconds a call can wait from now: no more than
// most, and not until its deadline, when it would be too late. It returns a
// refusal if ctx has ended.
func (s *settings) patience(ctx context.Context, now int64, most time.Duration) (int64, error) {
	err := ctx.Err()
	left := int64(most)
	if deadline, ok := ctx.Deadline(); ok {
		left = min(left, s.clock.At(deadline)-now-1)
	}
	if err == nil && left < 0 {
		err = context.DeadlineExceeded // ctx's own timer is late
	}
	if err == nil {
		return left, nil
	}
	return 0, s.report(ctx, s.refusal(err))
}

// sleep waits for a turn that comes in wait nanoseconds, unless the limiter is a
// shadow. It returns a refusal if ctx ends before.
func (s *settings) sleep(ctx context.Context, wait int64) error {
	if s.Shadow || wait <= 0 {
		return nil
	}
	if err := clock.Sleep(ctx, time.Duration(wait)); err != nil {
		return s.report(ctx, s.refusal(err))
	}
	return nil
}
