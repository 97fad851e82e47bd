package benchmarks

import "slices"

// Rows returns the comparison. A small one has so few keys that it takes no
// time, and proves only that each call ends as it should.
func Rows(small bool) []Row {
	return slices.Concat(
		limits(),
		keyed(small),
		breakers(),
		retries(),
		bulkheads(),
		pipelines(),
		clients(),
		memory(),
	)
}
