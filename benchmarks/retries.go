package benchmarks

import (
	"context"

	avast "github.com/avast/retry-go/v5"
	"github.com/cenkalti/backoff/v5"
	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/retrypolicy"

	"github.com/backstay-go/backstay/retry"
)

// retries compare what a retry policy costs when it is not needed, which is
// nearly always.
func retries() []Row {
	return []Row{{
		Name:    "retry: success at once",
		Callers: 1,
		Impls: []Impl{
			{Name: ours, New: retryOurs},
			{Name: "cenkalti", New: retryCenkalti},
			{Name: "avast", New: retryAvast},
			{Name: "failsafe-go", New: retryFailsafe},
		},
		Goal: Goal{Ratio: 0.25},
	}}
}

func retryOurs() Call {
	policy := &retry.Policy{}
	ctx := context.Background()
	return func(i uint64) {
		got, err := retry.Do(ctx, policy, func(context.Context) (uint64, error) { return i, nil })
		must(err)
		want(got == i, "the result was lost")
	}
}

func retryCenkalti() Call {
	ctx := context.Background()
	return func(i uint64) {
		got, err := backoff.Retry(ctx, func() (uint64, error) { return i, nil }, backoff.WithMaxTries(3))
		must(err)
		want(got == i, "the result was lost")
	}
}

func retryAvast() Call {
	retrier := avast.NewWithData[uint64](avast.Attempts(3))
	return func(i uint64) {
		got, err := retrier.Do(func() (uint64, error) { return i, nil })
		must(err)
		want(got == i, "the result was lost")
	}
}

func retryFailsafe() Call {
	executor := failsafe.With(retrypolicy.NewBuilder[uint64]().WithMaxAttempts(3).Build())
	return func(i uint64) {
		got, err := executor.Get(func() (uint64, error) { return i, nil })
		must(err)
		want(got == i, "the result was lost")
	}
}
