package model

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/anishathalye/porcupine"

	"github.com/backstay-go/backstay/bulkhead"
	"github.com/backstay-go/backstay/gate"
)

// The inputs of a bulkhead without a queue. The output of take is whether it was
// admitted.
type (
	take   int // permits at once
	put    int
	resize int
)

// pool is the state: how many permits there are, and how many are held.
type pool struct{ limit, held int }

var bulkheadModel = porcupine.Model{
	Init: func() any { return pool{limit: 4} },
	Step: func(state, input, output any) (bool, any) {
		p := state.(pool)
		switch in := input.(type) {
		case take:
			fits := p.held+int(in) <= p.limit
			if fits {
				p.held += int(in)
			}
			return fits == output.(bool), p
		case put:
			p.held -= int(in)
		case resize:
			p.limit = int(in)
		}
		return true, p
	},
}

func TestBulkheadHistoriesAreLinearizable(t *testing.T) {
	var calls, overlapping int
	for round := range 300 {
		b := bulkhead.New(bulkhead.Config{Limit: 4})
		var h history
		h.concurrently(round, func(client int, random *rand.Rand) {
			for range 12 {
				visit(&h, b, client, random)
			}
		})
		calls += len(h.ops)
		overlapping += h.overlaps()
		h.linearizable(t, bulkheadModel)
	}
	t.Logf("%d operations, %d overlap another client's", calls, overlapping)
}

// visit takes some permits and puts them back, or changes the limit.
func visit(h *history, b *bulkhead.Bulkhead, client int, random *rand.Rand) {
	if random.IntN(6) == 0 {
		limit := 1 + random.IntN(6)
		h.do(client, resize(limit), func() any { return b.Update(bulkhead.Config{Limit: limit}) })
		return
	}
	n := 1 + random.IntN(3)
	var permit gate.Permit
	h.do(client, take(n), func() any {
		var err error
		permit, err = b.AcquireN(context.Background(), n)
		return err == nil
	})
	if permit != (gate.Permit{}) {
		h.do(client, put(n), func() any { permit.Done(nil); return nil })
	}
}
