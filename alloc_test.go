package backstay_test

import (
	"context"
	"testing"
	"time"

	"github.com/backstay-go/backstay"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/retry"
)

// counter is the cheapest gate that takes readings.
type counter struct{ held int }

func (c *counter) Acquire(ctx context.Context) (gate.Permit, error) {
	return c.AcquireAt(ctx, time.Time{})
}

func (c *counter) AcquireAt(context.Context, time.Time) (gate.Permit, error) {
	c.held++
	return gate.NewPermit(c, gate.Token{}), nil
}

func (c *counter) Release(gate.Token, error)              { c.held-- }
func (c *counter) ReleaseAt(gate.Token, time.Time, error) { c.held-- }

func TestAllocs(t *testing.T) {
	gates := []gate.Gate{&counter{}, &counter{}}
	tighter, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	tests := []struct {
		name     string
		ctx      context.Context
		pipeline backstay.Pipeline
		want     float64
	}{
		{"retry and gates", t.Context(), backstay.Pipeline{Admit: gates, Retry: &retry.Policy{}, Gates: gates}, 0},
		{"timeout", t.Context(), backstay.Pipeline{Timeout: time.Hour, Retry: &retry.Policy{}, Gates: gates}, 4},
		{"caller tighter than timeouts", tighter, backstay.Pipeline{Timeout: 2 * time.Hour, AttemptTimeout: 2 * time.Hour, Gates: gates}, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			sum := 0
			got := testing.AllocsPerRun(100, func() {
				n, _ := backstay.Do(test.ctx, &test.pipeline, func(context.Context) (int, error) { return 1, nil })
				sum += n
			})
			if got > test.want {
				t.Errorf("Do makes %v allocations, want %v", got, test.want)
			}
			if sum == 0 {
				t.Error("nothing ran")
			}
		})
	}
}

func BenchmarkDo(b *testing.B) {
	gates := []gate.Gate{&counter{}, &counter{}}
	benchmarks := map[string]*backstay.Pipeline{
		"case=empty":   {},
		"case=gates":   {Admit: gates[:1], Retry: &retry.Policy{}, Gates: gates},
		"case=timeout": {Timeout: time.Hour, Retry: &retry.Policy{}},
	}
	for name, p := range benchmarks {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			ctx := context.Background()
			for b.Loop() {
				_, _ = backstay.Do(ctx, p, func(context.Context) (int, error) { return 1, nil })
			}
		})
	}
}
