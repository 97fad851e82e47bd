package main

import (
	"slices"
	"testing"

	"github.com/backstay-go/backstay/benchmarks"
)

// result is what one row came to, a figure for each implementation.
type result struct {
	row     benchmarks.Row
	figures []figure
}

type figure struct {
	value  float64 // the median, in the unit of the row
	ratio  float64 // the median of ours divided by this one, round by round
	allocs int64
}

// compare lets the implementations of a row take turns.
func compare(row benchmarks.Row, rounds int) result {
	if row.Unit != "" {
		rounds = min(rounds, 3) // what is no time hardly varies
	}
	r := result{row, make([]figure, len(row.Impls))}
	turns := make([]func() (float64, int64), len(row.Impls))
	for i, impl := range row.Impls {
		turns[i] = turn(row, impl)
	}
	values := make([][]float64, len(turns))
	for range rounds {
		for i, turn := range turns {
			value, allocs := turn()
			values[i] = append(values[i], value)
			r.figures[i].allocs = allocs
		}
	}
	for i := range r.figures {
		ratios := make([]float64, rounds)
		for round := range rounds {
			ratios[round] = values[0][round] / values[i][round]
		}
		r.figures[i].ratio = median(ratios)
		r.figures[i].value = median(values[i])
	}
	return r
}

// turn returns a function that measures an implementation once.
func turn(row benchmarks.Row, impl benchmarks.Impl) func() (value float64, allocs int64) {
	if impl.Measure != nil {
		return func() (float64, int64) { return impl.Measure(), 0 }
	}
	call := impl.New()
	return func() (float64, int64) {
		b := testing.Benchmark(func(b *testing.B) { row.Run(b, call) })
		return float64(b.T.Nanoseconds()) / float64(b.N), b.AllocsPerOp()
	}
}

func median(values []float64) float64 {
	values = slices.Sorted(slices.Values(values))
	middle := len(values) / 2
	if len(values)%2 == 1 {
		return values[middle]
	}
	return (values[middle-1] + values[middle]) / 2
}

// verdict says whether the goal of the row is met.
func (r result) verdict() string {
	goal := r.row.Goal
	if goal.Ratio == 0 && goal.Value == 0 {
		return ""
	}
	ours, rival := r.figures[0], r.figures[1]
	switch {
	case goal.Ratio > 0 && rival.ratio > goal.Ratio,
		goal.Value > 0 && ours.value > goal.Value,
		ours.allocs > goal.Allocs:
		return "MISSED"
	default:
		return "met"
	}
}
