package backstayhttp

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func FuzzParseRetryAfter(f *testing.F) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, value := range []string{"", "0", "7", " 7 ", "-7", "+7", "7.5", "0x7", "1e3", "99999999999", "18446744073709551616", "Fri, 02 Jan 2026 03:04:06 GMT", "Friday, 02-Jan-26 03:04:05 GMT", "Fri Jan  2 03:04:05 2026", "soon"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		after, ok := parseRetryAfter(value, now)
		if after < 0 || !ok && after != 0 {
			t.Errorf("parseRetryAfter(%q) = %v, %v; want a wait, or nothing", value, after, ok)
		}
		if after%time.Second != 0 && after < 200*365*24*time.Hour {
			t.Errorf("parseRetryAfter(%q) = %v, want whole seconds", value, after)
		}
	})
}

func FuzzParseTimeout(f *testing.F) {
	for _, value := range []string{"", "0", "1500", "86400000", "86400001", "-1", "+1", "1.5", " 1", "1_000", "18446744073709551616"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		left, ok := parseTimeout(value)
		if left < 0 || left > maxTimeout || !ok && left != 0 {
			t.Errorf("parseTimeout(%q) = %v, %v; want at most %v, or nothing", value, left, ok, maxTimeout)
		}
		if ok && strings.Trim(value, "0123456789") != "" {
			t.Errorf("parseTimeout(%q) is a number, want digits alone", value)
		}
	})
}

func FuzzRemoteIP(f *testing.F) {
	for _, addr := range []string{"", "@", "192.0.2.1:80", "[2001:db8::1]:80", "[fe80::1%eth0]:80", "[::ffff:192.0.2.1]:80", "192.0.2.1", ":80", "[::]:0"} {
		f.Add(addr)
	}
	f.Fuzz(func(t *testing.T, addr string) {
		key := RemoteIP(&http.Request{RemoteAddr: addr})
		if key == addr {
			return
		}
		if _, err := netip.ParseAddr(key); err == nil {
			return
		}
		if prefix, err := netip.ParsePrefix(key); err != nil || prefix.Bits() != 64 || prefix != prefix.Masked() {
			t.Errorf("RemoteIP of %q = %q, want an address, or 64 bits of one", addr, key)
		}
	})
}

func TestParseTimeout(t *testing.T) {
	tests := map[string]time.Duration{
		"0": 0, "1": time.Millisecond, "1500": 1500 * time.Millisecond, "86400000": 24 * time.Hour,
		"": -1, "-1": -1, "1.5": -1, "1s": -1, "86400001": -1, "99999999999999999999": -1,
	}
	for value, want := range tests {
		if left, ok := parseTimeout(value); ok != (want >= 0) || ok && left != want {
			t.Errorf("parseTimeout(%q) = %v, %v; want %v", value, left, ok, want)
		}
	}
}
