package benchmarks

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/failsafe-go/failsafe-go"
	failsafebulkhead "github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/ratelimiter"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
	"github.com/failsafe-go/failsafe-go/timeout"

	"github.com/backstay-go/backstay"
	"github.com/backstay-go/backstay/breaker"
	"github.com/backstay-go/backstay/bulkhead"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/ratelimit"
	"github.com/backstay-go/backstay/retry"
)

// pipelines compare several policies around one call. The goal is set against
// rivals without a rate limit, though ours has one: they are the fastest.
func pipelines() []Row {
	bare := []Impl{
		{Name: ours, New: func() Call { return pipelineOurs(caller, 0) }},
		{Name: "failsafe-go, no rate limit", New: func() Call { return pipelineFailsafe() }},
		{Name: "failsafe-go", New: func() Call { return pipelineFailsafe(newFailsafeRate()) }},
	}
	return []Row{
		{Name: "pipeline: rate+retry+breaker+bulkhead", Callers: 1, Impls: bare, Goal: Goal{Ratio: 0.10}},
		{Name: "pipeline: rate+retry+breaker+bulkhead", Callers: 2, Impls: bare, Goal: Goal{Ratio: 0.10}},
		{
			Name: "pipeline: with total timeout", Callers: 1,
			Impls: []Impl{
				{Name: ours, New: func() Call { return pipelineOurs(caller, time.Second) }},
				{Name: "cenkalti+gobreaker+context", New: func() Call { return pipelineByHand(caller, time.Second) }},
				{Name: "failsafe-go, no rate limit", New: func() Call { return pipelineFailsafe(timeout.New[uint64](time.Second)) }},
			},
			Goal: Goal{Ratio: 0.85, Allocs: 4},
		},
		{
			Name: "pipeline: with a tighter caller", Callers: 1,
			Impls: []Impl{
				{Name: ours, New: func() Call { return pipelineOurs(hurried, 2*time.Hour) }},
				{Name: "cenkalti+gobreaker+context", New: func() Call { return pipelineByHand(hurried, 2*time.Hour) }},
			},
			Goal: Goal{Ratio: 0.85},
		},
	}
}

// The contexts of callers: one may be cancelled, as a request's, the other has a
// deadline as well. They outlive the comparison.
var (
	caller  = forLife(context.WithCancel(context.Background()))
	hurried = forLife(context.WithTimeout(context.Background(), time.Hour))
)

func forLife(ctx context.Context, _ context.CancelFunc) context.Context { return ctx }

func pipelineOurs(ctx context.Context, total time.Duration) Call {
	pipeline := &backstay.Pipeline{
		Admit:   []gate.Gate{ratelimit.New(ratelimit.Config{Rate: ratelimit.Per(plenty, time.Second), Burst: plenty})},
		Timeout: total,
		Retry:   &retry.Policy{},
		Gates: []gate.Gate{
			breaker.New(breaker.Config{}),
			bulkhead.New(bulkhead.Config{Limit: slots}),
		},
	}
	return func(i uint64) {
		got, err := backstay.Do(ctx, pipeline, func(context.Context) (uint64, error) { return i, nil })
		must(err)
		want(got == i, "the result was lost")
	}
}

// pipelineByHand is what one writes without a library that composes.
func pipelineByHand(parent context.Context, total time.Duration) Call {
	b := newSony()
	return func(i uint64) {
		ctx, cancel := context.WithTimeout(parent, total)
		defer cancel()
		got, err := backoff.Retry(ctx, func() (uint64, error) {
			return b.Execute(func() (uint64, error) { return i, ctx.Err() })
		}, backoff.WithMaxTries(3))
		must(err)
		want(got == i, "the result was lost")
	}
}

func newFailsafeRate() failsafe.Policy[uint64] {
	return ratelimiter.NewBursty[uint64](plenty, time.Second)
}

func pipelineFailsafe(outer ...failsafe.Policy[uint64]) Call {
	executor := failsafe.With(append(outer,
		failsafe.Policy[uint64](retrypolicy.NewBuilder[uint64]().WithMaxAttempts(3).Build()),
		newFailsafe(),
		failsafebulkhead.New[uint64](slots),
	)...)
	return func(i uint64) {
		got, err := executor.WithContext(caller).Get(func() (uint64, error) { return i, nil })
		must(err)
		want(got == i, "the result was lost")
	}
}
