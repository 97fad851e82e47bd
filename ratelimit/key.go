package ratelimit

import (
	"hash/maphash"
	"net/netip"
)

// hasher returns the hash function for keys of type K.
func hasher[K comparable]() func(maphash.Seed, K) uint64 {
	for _, special := range [...]any{maphash.String, hashAddr} {
		if hash, ok := special.(func(maphash.Seed, K) uint64); ok {
			return hash
		}
	}
	return maphash.Comparable[K]
}

// hashAddr is the same for all addresses that one customer can use at will: 64
// bits of an IPv6 address are theirs (RFC 6177), whatever its zone.
func hashAddr(seed maphash.Seed, addr netip.Addr) uint64 {
	bytes := addr.As16() // IPv4 as ::ffff:a.b.c.d
	if addr.Is6() && !addr.Is4In6() {
		clear(bytes[8:])
	}
	return maphash.Bytes(seed, bytes[:])
}
