// Package traps is the trap suite: the ways in which reliability code goes wrong
// in the field, each one a scenario that is run against this library and against
// others.
//
// Ours must pass, or the tests of this module fail. What a rival does is
// recorded, not asserted, in MATRIX.md; write it anew with
//
//	go run ./traps/cmd/matrix -md > traps/MATRIX.md
//
// A scenario (package scenario) is written once, against the small interfaces of
// package driver; package rivals adapts each library to them, with the
// configuration that its documentation names.
package traps
