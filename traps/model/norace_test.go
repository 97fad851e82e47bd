//go:build !race

package model

const distinctKeys = 10_000_000
