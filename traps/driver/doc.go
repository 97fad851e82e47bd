// Package driver is the vocabulary between the scenarios and the libraries they
// are run against: one small interface for each kind of policy, and one Config
// for each that says what a scenario needs in words that belong to no library.
//
// A library takes part by way of an [Implementation]. Its constructors use the
// configuration that the library documents for the purpose; one that has no
// such feature says so through [Missing], and the trap does not apply to it.
package driver
