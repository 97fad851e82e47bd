// Package naive holds the reliability code that is copied from one service to
// the next: short, plausible, and wrong in ways that show under load. It is a
// rival in the trap suite, so that the matrix can say what each pattern costs.
// Do not use it.
package naive
