package breaker

import "unsafe"

// stripe returns a number that is usually another on another goroutine, and the
// same on the same: the address of its stack, well mixed. Where two goroutines
// share a stripe they are slower, nothing else. A random number costs more and
// moves cache lines between processors on every call.
func stripe() uint {
	var here byte
	const least = 11 // no stack is smaller than 1<<least bytes
	address := uint64(uintptr(unsafe.Pointer(&here)))
	return uint(address >> least * 0x9e3779b97f4a7c15 >> 32)
}
