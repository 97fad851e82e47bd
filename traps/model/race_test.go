//go:build race

package model

// distinctKeys is less where the race detector makes each key fifty times as
// dear.
const distinctKeys = 1_000_000
