package bulkhead

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/backstay-go/backstay/event"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/core/waitq"
	"github.com/backstay-go/backstay/internal/permits"
)

// Bulkhead is a [gate.Gate] that admits a limited number of calls at once. It
// is safe for concurrent use.
type Bulkhead struct {
	pool     *permits.Pool
	settings atomic.Pointer[settings]
	mu       sync.Mutex // held while settings change
}

// New returns a bulkhead without calls. It panics if config is not valid.
func New(config Config) *Bulkhead {
	if err := config.Validate(); err != nil {
		panic(err.Error())
	}
	config = config.withDefaults()
	b := &Bulkhead{pool: permits.New(config.Limit, config.queue())}
	b.settings.Store(newSettings(config, 0))
	return b
}

// Acquire takes one permit. When none is free it waits, if the queue has room,
// until its turn comes, MaxWait is over or ctx ends; a refusal is a
// [*gate.RejectedError] with the reason [ErrFull] or ctx's error.
func (b *Bulkhead) Acquire(ctx context.Context) (gate.Permit, error) {
	left := b.pool.Try(1)
	if left > 0 {
		return gate.NewPermit(b, gate.Token{Generation: 1}), nil
	}
	return b.acquire(ctx, 1, left, time.Time{})
}

// AcquireAt is [Bulkhead.Acquire] at the time now, for callers that have
// already read the clock.
func (b *Bulkhead) AcquireAt(ctx context.Context, now time.Time) (gate.Permit, error) {
	left := b.pool.Try(1)
	if left > 0 {
		return gate.NewPermit(b, gate.Token{Generation: 1}), nil
	}
	return b.acquire(ctx, 1, left, now)
}

// AcquireN takes n permits at once, for a call that weighs as much as n others.
// It never takes a part of them, and callers of fewer permits do not overtake
// it for ever. A weight below 1 or above the limit is refused with the reason
// [ErrWeight].
func (b *Bulkhead) AcquireN(ctx context.Context, n int) (gate.Permit, error) {
	if n < 1 || n > b.pool.Limit() {
		s := b.settings.Load()
		return s.refuse(ctx, s.weight, 0)
	}
	return b.acquire(ctx, n, b.pool.Try(n), time.Time{})
}

// measured marks the generation of a token whose call is timed; the rest of it
// is the call's weight.
const measured = 1 << 62

// acquire goes on from a Try(n) that returned left. The time now is zero if the
// clock has not been read.
func (b *Bulkhead) acquire(ctx context.Context, n, left int, now time.Time) (gate.Permit, error) {
	if left < 0 {
		return b.wait(ctx, n, now)
	}
	token := gate.Token{Generation: uint64(n)}
	// The call that takes the last permit is timed, because a full bulkhead is
	// the only one that needs to know how long calls take.
	if left == 0 && (!now.IsZero() || b.pool.Queues()) {
		token.Start = time.Duration(b.reading(now))
		token.Generation |= measured
	}
	return gate.NewPermit(b, token), nil
}

// wait takes n permits as soon as it is the call's turn.
func (b *Bulkhead) wait(ctx context.Context, n int, now time.Time) (gate.Permit, error) {
	if !b.pool.Open(ctx) {
		s := b.settings.Load()
		return s.refuse(ctx, s.full, 0)
	}
	if err := ctx.Err(); err != nil {
		s := b.settings.Load()
		return s.refuse(ctx, s.ended(err), 0)
	}
	begun := b.reading(now)
	verdict := b.pool.Wait(ctx, begun, n)
	admitted := b.pool.Now()
	if refusal := b.settle(ctx, verdict, n, admitted); refusal != nil {
		return b.settings.Load().refuse(ctx, refusal, time.Duration(admitted-begun))
	}
	token := gate.Token{Start: time.Duration(admitted), Generation: measured | uint64(n)}
	return gate.NewPermit(b, token).AfterWait(), nil
}

// settle returns nil if the verdict on a call that waited lets it run.
func (b *Bulkhead) settle(ctx context.Context, verdict waitq.Verdict, n int, now int64) *gate.RejectedError {
	err := ctx.Err()
	if verdict == waitq.Granted {
		if err == nil {
			return nil
		}
		b.release(n, now) // too late: nobody wants the result
	}
	s := b.settings.Load()
	if deadline, ok := ctx.Deadline(); err == nil && ok && b.pool.At(deadline) <= now {
		err = context.DeadlineExceeded // ctx is about to say so itself
	}
	switch {
	case err != nil:
		return s.ended(err)
	case verdict == waitq.TooLarge:
		return s.weight
	default:
		return s.full
	}
}

// Release is for [gate.Permit.Done].
func (b *Bulkhead) Release(token gate.Token, _ error) {
	if token.Generation&measured != 0 {
		b.releaseMeasured(token, b.pool.Now())
		return
	}
	if b.pool.Release(int(token.Generation)) {
		b.pool.Dispatch(b.pool.Now())
	}
}

// ReleaseAt is for [gate.Permit.DoneAt].
func (b *Bulkhead) ReleaseAt(token gate.Token, now time.Time, _ error) {
	if token.Generation&measured != 0 {
		b.releaseMeasured(token, b.pool.At(now))
		return
	}
	b.release(int(token.Generation), b.pool.At(now))
}

func (b *Bulkhead) release(n int, now int64) {
	if b.pool.Release(n) {
		b.pool.Dispatch(now)
	}
}

func (b *Bulkhead) releaseMeasured(token gate.Token, now int64) {
	b.release(int(token.Generation&^measured), now)
	b.pool.Observe(now - int64(token.Start))
}

func (b *Bulkhead) reading(now time.Time) int64 {
	if now.IsZero() {
		return b.pool.Now()
	}
	return b.pool.At(now)
}

// Update changes the configuration of a bulkhead in use. Calls that run keep
// their permits, also above a smaller limit; a larger limit wakes calls that
// wait. It returns what [Config.Validate] does, and changes nothing unless that
// is nil.
func (b *Bulkhead) Update(config Config) error {
	if err := config.Validate(); err != nil {
		return err
	}
	config = config.withDefaults()
	b.mu.Lock()
	b.settings.Store(newSettings(config, 0))
	b.pool.Configure(config.queue())
	old := b.pool.Resize(config.Limit)
	b.mu.Unlock()
	if old != config.Limit {
		event.Notify(context.Background(), config.Observer, event.Event{
			Kind: event.LimitChanged, Policy: "bulkhead", Name: config.Name, From: old, To: config.Limit,
		})
	}
	return nil
}

// Snapshot is the state of a bulkhead at one moment.
type Snapshot struct {
	Name     string
	Limit    int // permits in all
	InFlight int // permits held; above Limit for a while after it shrank
	Queue    int // how many calls may wait
	Waiting  int // how many do
}

// Snapshot returns the state of b.
func (b *Bulkhead) Snapshot() Snapshot {
	queue := b.pool.Queue()
	return Snapshot{
		Name: b.settings.Load().Name, Limit: queue.Limit, InFlight: queue.Held, Queue: queue.Capacity, Waiting: queue.Waiting,
	}
}
