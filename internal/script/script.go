// Package script makes the choices of model-based tests: at random, or as the
// input of a fuzzer says.
package script

import "math/rand/v2"

// A Script is a source of choices.
type Script interface {
	// Choose returns a number from 0 to n-1.
	Choose(n int64) int64
}

// Random returns a script that differs by its seeds only.
func Random(seed1, seed2 uint64) Script {
	return random{rand.New(rand.NewPCG(seed1, seed2))}
}

type random struct{ source *rand.Rand }

func (r random) Choose(n int64) int64 { return r.source.Int64N(n) }

// Written returns a script that chooses as its bytes say, and 0 when they have
// run out.
func Written(bytes []byte) Script { return &written{bytes} }

type written struct{ rest []byte }

func (w *written) Choose(n int64) int64 {
	var v uint64
	for range min(2, len(w.rest)) {
		v, w.rest = v<<8|uint64(w.rest[0]), w.rest[1:]
	}
	return int64(v % uint64(n))
}
