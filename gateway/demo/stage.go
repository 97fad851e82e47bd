package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/backstay-go/backstay/gateway"
	"github.com/backstay-go/backstay/gateway/config"
)

// stage is everything that runs in a demo.
type stage struct {
	config        Config
	script        script
	begun         time.Time
	without, with *meter
	refused       recentRefusals // only for frame
	gateway       *gateway.Gateway
	front, admin  net.Listener
	bare, guarded string // the URLs of the upstreams

	// ctx is that of all servers; close ends it and waits for them.
	ctx     context.Context
	stop    context.CancelFunc
	servers sync.WaitGroup
}

// newStage starts the upstreams and the gateway.
func newStage(c Config) (*stage, error) {
	s := &stage{config: c, script: script{c.For}, begun: time.Now()}
	s.without, s.with = newMeter(s.script), newMeter(s.script)
	s.ctx, s.stop = context.WithCancel(context.Background())
	if err := s.start(); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *stage) start() error {
	var err error
	if s.bare, err = s.startUpstream(s.without); err != nil {
		return err
	}
	if s.guarded, err = s.startUpstream(s.with); err != nil {
		return err
	}
	return s.startGateway()
}

// startUpstream starts an upstream that counts in m and returns its URL.
func (s *stage) startUpstream(m *meter) (string, error) {
	listener, err := net.Listen("tcp", DefaultAddress)
	if err != nil {
		return "", fmt.Errorf("upstream: %w", err)
	}
	server := &http.Server{Handler: newUpstream(s.ctx, s.script, s.begun, s.config.Seed, m), ReadHeaderTimeout: 10 * time.Second}
	s.servers.Go(func() { _ = server.Serve(listener) })
	context.AfterFunc(s.ctx, func() { _ = server.Close() })
	return url(listener), nil
}

func (s *stage) startGateway() error {
	conf, err := config.Parse("demo.yaml", []byte(YAML), os.LookupEnv)
	if err != nil {
		return err
	}
	conf.Listen, conf.Admin = s.config.Listen, s.config.Admin
	conf.Upstreams["flaky"] = config.Upstream{Endpoints: config.Endpoints{s.guarded}}
	if s.gateway, err = gateway.New(conf, nil); err != nil {
		return err
	}
	if s.front, s.admin, err = s.gateway.Listen(); err != nil {
		return err
	}
	s.servers.Go(func() { _ = s.gateway.Serve(s.ctx, s.front, s.admin) })
	return nil
}

// close ends all servers.
func (s *stage) close() {
	s.stop()
	s.servers.Wait()
}

// show sends the requests and draws what comes of them, until the script is over
// or ctx ends.
func (s *stage) show(ctx context.Context, screen screen) (err error) {
	// Requests under way at the end of the script count: nobody waits for longer
	// than the deadline.
	requests, stop := context.WithDeadline(ctx, s.begun.Add(s.script.length+deadline))
	over := make(chan struct{})
	go func() {
		defer close(over)
		s.generate(requests)
	}()
	defer func() {
		stop()
		<-over
	}()
	defer func() { err = errors.Join(err, screen.close()) }()
	if err := screen.open(s.frame()); err != nil {
		return err
	}
	tick := time.NewTicker(screen.every())
	defer tick.Stop()
	for {
		select {
		case <-over:
			return nil
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := screen.draw(s.frame()); err != nil {
			return err
		}
	}
}

func (s *stage) generate(ctx context.Context) {
	// The client of the guarded side waits for longer than the gateway ever does,
	// and leaves the rest to it.
	bare, guarded := newClient(attemptTimeout), newClient(2*deadline)
	defer bare.CloseIdleConnections()
	defer guarded.CloseIdleConnections()
	generate(ctx, s.script, s.begun, s.config.Seed,
		newSide(s.without, naive(bare, s.bare)),
		newSide(s.with, once(guarded, url(s.front))))
}

// frame returns what there is to see now.
func (s *stage) frame() frame {
	now, route := time.Since(s.begun), s.gateway.State().Routes[0]
	return frame{
		now: now, length: s.script.length,
		without: s.without.figures(now), with: s.with.figures(now),
		breaker: breakerFigures{state: route.Breaker.State.String(), cause: route.Breaker.Cause},
		refused: s.refused.at(now, route),
		gateway: url(s.front), admin: url(s.admin),
	}
}

// summary returns the table of what has been so far.
func (s *stage) summary(width int) []string {
	now := time.Since(s.begun)
	return summary(s.without.acts(now), s.with.acts(now), width)
}

// url returns where a listener listens, or off if there is none.
func url(l net.Listener) string {
	if l == nil {
		return config.Off
	}
	return "http://" + l.Addr().String()
}
