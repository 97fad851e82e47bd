// Package repo holds the tests about the repository itself: what may import
// what, how large a file may grow, what must be documented, which names are
// public. They keep the promises of ARCHITECTURE.md and CONTRIBUTING.md, and
// what they print says what to do.
//
// They look at files of other modules, which the test cache does not follow: run
// them with -count=1, as make does.
package repo
