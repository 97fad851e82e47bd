// Package model checks the machines of this library against slow references
// that are obviously right: random sequences of calls by property testing, and
// concurrent histories by a linearizability checker. It holds only tests.
package model
