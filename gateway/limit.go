package gateway

import (
	"context"
	"net/http"
	"net/netip"
	"strings"

	"github.com/backstay-go/backstay/event"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/gateway/config"
	"github.com/backstay-go/backstay/ratelimit"
)

// limit is the rate limit of a route.
type limit interface {
	// admit takes a token for a request.
	admit(r *http.Request) error
	// status tells where the limit for a request stands.
	status(r *http.Request) ratelimit.Status
	snapshot() ratelimit.KeyedSnapshot
}

// newLimit returns the rate limit of the route name, or nil.
func newLimit(name string, c *config.RateLimit, observer event.Observer) limit {
	if c == nil {
		return nil
	}
	conf := c.Config()
	conf.Name, conf.Observer = name, observer
	if c.Key == config.KeyRoute {
		return wholeLimit{ratelimit.New(conf)}
	}
	if header, ok := strings.CutPrefix(c.Key, config.KeyHeader); ok {
		header = http.CanonicalHeaderKey(header)
		if header == "Host" { // net/http keeps it apart from the others
			return keyedLimit[string]{ratelimit.NewKeyed[string](conf), func(r *http.Request) string { return hostOf(r.Host) }}
		}
		return keyedLimit[string]{ratelimit.NewKeyed[string](conf), func(r *http.Request) string { return r.Header.Get(header) }}
	}
	return keyedLimit[netip.Addr]{ratelimit.NewKeyed[netip.Addr](conf), remoteAddr}
}

// remoteAddr returns the address at the other end of the connection. Connections
// without one, such as those of a Unix socket, share the zero address.
func remoteAddr(r *http.Request) netip.Addr {
	peer, _ := netip.ParseAddrPort(r.RemoteAddr)
	return peer.Addr()
}

// keyedLimit is a limit for each key.
type keyedLimit[K comparable] struct {
	keyed *ratelimit.Keyed[K]
	key   func(*http.Request) K
}

func (l keyedLimit[K]) admit(r *http.Request) error {
	_, err := l.keyed.Acquire(r.Context(), l.key(r)) // its permit holds nothing
	return err
}

func (l keyedLimit[K]) status(r *http.Request) ratelimit.Status { return l.keyed.Status(l.key(r)) }
func (l keyedLimit[K]) snapshot() ratelimit.KeyedSnapshot       { return l.keyed.Snapshot() }

// wholeLimit is one limit for all requests.
type wholeLimit struct{ limiter *ratelimit.Limiter }

func (l wholeLimit) admit(r *http.Request) error {
	_, err := l.limiter.Acquire(r.Context()) // its permit holds nothing
	return err
}

func (l wholeLimit) status(*http.Request) ratelimit.Status { return l.limiter.Status() }

func (l wholeLimit) snapshot() ratelimit.KeyedSnapshot {
	s := l.limiter.Snapshot()
	return ratelimit.KeyedSnapshot{Name: s.Name, Shadow: s.Shadow, Limits: s.Limits}
}

// overLimit is a gate that repeats a refusal.
type overLimit struct {
	refusal error
	where   ratelimit.Status
}

// Acquire implements gate.Gate.
func (o overLimit) Acquire(context.Context) (gate.Permit, error) { return gate.Permit{}, o.refusal }

// Status tells backstayhttp.Guard where the limit stands.
func (o overLimit) Status() ratelimit.Status { return o.where }
