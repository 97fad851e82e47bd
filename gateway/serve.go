package gateway

import (
	"context"
	"errors"
	"log"
	"net"
	"net/http"
	"time"
)

// ErrGraceExceeded is what [Gateway.Serve] returns when requests were still
// under way at the end of the grace period and were cut off.
var ErrGraceExceeded = errors.New("requests were still under way when the grace period ended")

// Serve serves the gateway on proxy and, if it is not nil, the admin handler on
// admin. It returns when a listener fails, or when ctx has ended and the gateway
// has stopped: readiness says no at once, requests are accepted for the drain
// delay, and those under way then have the grace period to end. Serve closes
// both listeners.
func (g *Gateway) Serve(ctx context.Context, proxy, admin net.Listener) error {
	failed := make(chan error, 2)
	front := newServer(g.Handler())
	go func() { failed <- front.Serve(proxy) }()
	back := newServer(g.AdminHandler())
	if admin != nil {
		go func() { failed <- back.Serve(admin) }()
	}
	defer back.Close()
	select {
	case err := <-failed:
		_ = front.Close()
		return err
	case <-ctx.Done():
	}
	return g.stop(front, failed)
}

// stop stops accepting and lets requests under way end.
func (g *Gateway) stop(front *http.Server, failed <-chan error) error {
	g.stopping.Store(true)
	delay, grace := time.Duration(*g.config.Shutdown.DrainDelay), time.Duration(*g.config.Shutdown.Grace)
	select {
	case err := <-failed:
		_ = front.Close()
		return err
	case <-time.After(delay):
	}
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if err := front.Shutdown(ctx); err != nil {
		_ = front.Close()
		return ErrGraceExceeded
	}
	return nil
}

// newServer returns a server with timeouts that end clients which send nothing.
// Neither whole requests nor whole responses are bounded, as streams are neither.
func newServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		ErrorLog:          log.New(discard{}, "", 0),
	}
}
