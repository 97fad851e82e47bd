package gateway

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/backstay-go/backstay/gateway/config"
)

// ErrGraceExceeded is what [Gateway.Serve] returns when requests were still
// under way at the end of the grace period and were cut off.
var ErrGraceExceeded = errors.New("requests were still under way when the grace period ended")

// Listen opens the gateway's own port and that of the admin listener, which is
// nil if the configuration switches it off. When one of them cannot be opened,
// neither is, and the error is a [*ListenError].
func (g *Gateway) Listen() (front, admin net.Listener, err error) {
	if front, err = listen("listen", g.config.Listen); err != nil {
		return nil, nil, err
	}
	if g.config.Admin == config.Off {
		return front, nil, nil
	}
	if admin, err = listen("admin", g.config.Admin); err != nil {
		_ = front.Close()
		return nil, nil, err
	}
	return front, admin, nil
}

func listen(field, address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, &ListenError{field, address, err}
	}
	return l, nil
}

// ListenError is the error for a port that cannot be opened.
type ListenError struct {
	// Field is the field of the configuration: listen or admin.
	Field string
	// Address is its value.
	Address string
	// Err is what the system says.
	Err error
}

// Error says what is wrong and what to choose instead.
func (e *ListenError) Error() string {
	if errors.Is(e.Err, syscall.EADDRINUSE) {
		return fmt.Sprintf("%s: %s is in use: stop what listens there, or choose another port: %v", e.Field, e.Address, e.Err)
	}
	return fmt.Sprintf("%s: cannot listen on %s: choose an address of this machine: %v", e.Field, e.Address, e.Err)
}

// Unwrap returns Err.
func (e *ListenError) Unwrap() error { return e.Err }

// Serve serves the gateway on front and, if it is not nil, the admin handler on
// admin. It returns when a listener fails, or when ctx has ended and the gateway
// has stopped: readiness says no at once, requests are accepted for the drain
// delay, and those under way then have the grace period to end. A grace period
// that is exceeded gives [ErrGraceExceeded]. Serve closes both listeners.
func (g *Gateway) Serve(ctx context.Context, front, admin net.Listener) error {
	failed := make(chan error, 2)
	proxy := newServer(g.Handler())
	defer proxy.Close()
	go func() { failed <- proxy.Serve(front) }()
	if admin != nil {
		back := newServer(g.AdminHandler())
		defer back.Close()
		go func() { failed <- back.Serve(admin) }()
	}
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return g.stop(proxy, failed)
	}
}

// stop lets requests under way end, and those that still come while it takes
// others to notice.
func (g *Gateway) stop(proxy *http.Server, failed <-chan error) error {
	g.stopping.Store(true)
	select {
	case err := <-failed:
		return err
	case <-time.After(time.Duration(*g.config.Shutdown.DrainDelay)):
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(*g.config.Shutdown.Grace))
	defer cancel()
	err := proxy.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return ErrGraceExceeded
	}
	return err
}

// newServer returns a server that ends connections which send nothing. Neither
// whole requests nor whole responses are bounded in time: both may be streams.
func newServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		ErrorLog:          silent,
	}
}
