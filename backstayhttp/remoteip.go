package backstayhttp

import (
	"net/http"
	"net/netip"
)

// RemoteIP returns the address at the other end of r's connection, as a key for
// [GuardKeyed]. IPv6 addresses are grouped by their first 64 bits, as a single
// subscriber has all the others to choose from: "2001:db8:1:2::/64". Headers
// such as X-Forwarded-For are ignored, as anybody can send them. An address that
// is none, such as that of a Unix socket, is returned as it is.
func RemoteIP(r *http.Request) string {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	addr := peer.Addr().Unmap()
	if addr.Is4() {
		return addr.String()
	}
	prefix, _ := addr.WithZone("").Prefix(64)
	return prefix.String()
}
