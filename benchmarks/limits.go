package benchmarks

import (
	"context"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/ratelimiter"
	"golang.org/x/time/rate"

	"github.com/backstay-go/backstay/ratelimit"
)

// limits compare one rate limit for one stream of calls, as it allows them and
// as it refuses them.
func limits() []Row {
	allow := []Impl{
		{Name: ours, New: func() Call { return limitOurs(ratelimit.Per(plenty, time.Second), plenty, true) }},
		{Name: "x/time/rate", New: func() Call { return limitXTime(plenty, plenty, true) }},
		{Name: "failsafe-go", New: func() Call { return limitFailsafe(ratelimiter.NewBursty[any](plenty, time.Second), true) }},
		{Name: "failsafe-go executor", New: func() Call { return limitExecutor(ratelimiter.NewBursty[uint64](plenty, time.Second)) }},
	}
	refuse := []Impl{
		{Name: ours, New: func() Call { return limitOurs(ratelimit.Per(1, time.Hour), 1, false) }},
		{Name: "x/time/rate", New: func() Call { return limitXTime(rate.Every(time.Hour), 1, false) }},
		{Name: "failsafe-go", New: func() Call { return limitFailsafe(ratelimiter.NewBursty[any](1, time.Hour), false) }},
	}
	return []Row{
		{Name: "rate limit: allow", Callers: 1, Impls: allow, Goal: Goal{Ratio: 0.45}},
		{Name: "rate limit: allow", Callers: 2, Impls: allow},
		{Name: "rate limit: refuse", Callers: 1, Impls: refuse, Goal: Goal{Ratio: 0.40}},
		{Name: "rate limit: refuse", Callers: 2, Impls: refuse},
	}
}

// limitOurs, and the others, expect allow of every call but the first, which
// each limit allows.
func limitOurs(r ratelimit.Rate, burst int, allow bool) Call {
	l := ratelimit.New(ratelimit.Config{Rate: r, Burst: burst})
	want(l.Allow(), "the first call was refused")
	return func(uint64) { want(l.Allow() == allow, "the limit decided wrongly") }
}

func limitXTime(r rate.Limit, burst int, allow bool) Call {
	l := rate.NewLimiter(r, burst)
	want(l.Allow(), "the first call was refused")
	return func(uint64) { want(l.Allow() == allow, "the limit decided wrongly") }
}

func limitFailsafe(l ratelimiter.RateLimiter[any], allow bool) Call {
	want(l.TryAcquirePermit(), "the first call was refused")
	return func(uint64) { want(l.TryAcquirePermit() == allow, "the limit decided wrongly") }
}

func limitExecutor(l ratelimiter.RateLimiter[uint64]) Call {
	executor := failsafe.With(l)
	ctx := context.Background()
	return func(i uint64) {
		got, err := executor.WithContext(ctx).Get(func() (uint64, error) { return i, nil })
		must(err)
		want(got == i, "the result was lost")
	}
}
