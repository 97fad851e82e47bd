package model

import (
	"cmp"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// clients is how many goroutines make a history.
const clients = 4

// history collects what clients did, and when each call began and returned.
type history struct {
	begun time.Time
	mu    sync.Mutex
	ops   []porcupine.Operation
}

// concurrently runs f for each client, all at once, and notes the calls.
func (h *history) concurrently(seed int, f func(client int, random *rand.Rand)) {
	var ready atomic.Int64
	var all sync.WaitGroup
	h.begun = time.Now()
	for client := range clients {
		random := rand.New(rand.NewPCG(uint64(seed), uint64(client)))
		all.Go(func() {
			ready.Add(1)
			for ready.Load() < clients {
				runtime.Gosched()
			}
			f(client, random)
		})
	}
	all.Wait()
}

// overlaps counts the calls that began before another client's had returned.
func (h *history) overlaps() (n int) {
	for i, op := range h.ops {
		for _, earlier := range h.ops[:i] { // in the order of their return
			if earlier.ClientId%clients != op.ClientId%clients && op.Call < earlier.Return {
				n++
				break
			}
		}
	}
	return n
}

// do runs f and notes it as the operation input of a client.
func (h *history) do(client int, input any, f func() any) {
	call := int64(time.Since(h.begun))
	output := f()
	h.note(client, input, output, call, int64(time.Since(h.begun)))
}

func (h *history) note(client int, input, output any, call, ret int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ops = append(h.ops, porcupine.Operation{ClientId: client, Input: input, Output: output, Call: call, Return: ret})
}

// linearizable fails the test unless the calls can be put in an order that the
// model explains.
func (h *history) linearizable(t *testing.T, model porcupine.Model) {
	t.Helper()
	switch result := porcupine.CheckOperationsTimeout(model, h.ops, 10*time.Second); result {
	case porcupine.Ok:
	case porcupine.Unknown:
		t.Logf("%d operations are too many to check", len(h.ops))
	default:
		slices.SortFunc(h.ops, func(a, b porcupine.Operation) int { return cmp.Compare(a.Call, b.Call) })
		for _, op := range h.ops {
			t.Logf("%8d to %8d client %d: %+v returned %+v", op.Call, op.Return, op.ClientId, op.Input, op.Output)
		}
		t.Fatal("no order of these calls is one that calls without concurrency could have")
	}
}
