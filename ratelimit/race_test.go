//go:build race

package ratelimit_test

// raceEnabled tells tests that would take long with the race detector.
const raceEnabled = true
