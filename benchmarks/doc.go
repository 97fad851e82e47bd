// Package benchmarks compares this library with others that do the like, each
// used as its documentation shows: the whole call, results passed through, and
// set up once.
//
//	go run ./cmd/ratios                          the table, interleaved, with medians
//	go run ./cmd/ratios -o RESULTS.md            the table as it is checked in
//	go test -bench Rows/breaker                  one topic in the form of go test
//	go test -bench 'Rows/breaker:_call/callers=1/impl=backstay' -cpuprofile cpu.out
//
// Machines differ and are noisy, so a figure counts only as a ratio within one
// run, or as allocations and bytes, which are exact. A goal belongs to a row and
// is set against the first rival in it: the fastest that does the same, with
// the same promises.
package benchmarks
