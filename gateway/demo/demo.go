package demo

import (
	"context"
	_ "embed" // for YAML
	"errors"
	"fmt"
	"io"
	"time"
)

// YAML is the configuration of the gateway in the demo. The demo sets the
// addresses in it.
//
//go:embed demo.yaml
var YAML string

// The defaults of a [Config].
const (
	DefaultFor time.Duration = time.Minute
	// DefaultAddress is a free port: a demo that does not start shows nothing.
	DefaultAddress = "127.0.0.1:0"
)

// Config is how a demo runs.
type Config struct {
	// For is how long the demo takes; the acts share it. If zero, DefaultFor
	// (1m) is used.
	For time.Duration
	// Listen is the address of the gateway. If empty, DefaultAddress
	// (127.0.0.1:0) is used, which picks a free port.
	Listen string
	// Admin is the address of the gateway's admin listener, or off. If empty,
	// DefaultAddress is used.
	Admin string
	// Seed is what the moments of the requests and the errors of the upstreams
	// are drawn from.
	Seed uint64
	// Out is where the demo is shown. Mandatory.
	Out io.Writer
	// Size returns the size of the terminal that Out is. If nil, Out is none,
	// and gets a line a second.
	Size func() (width, height int, err error)
	// Color says whether the terminal gets colors.
	Color bool
}

// Validate reports every field that [Run] does not take.
func (c Config) Validate() error {
	var err error
	if c.For < 0 {
		err = errors.Join(err, fmt.Errorf("demo: For is %v: want a duration, or 0 for the default, %v", c.For, DefaultFor))
	}
	if c.Out == nil {
		err = errors.Join(err, errors.New("demo: Out is nil: want where to show the demo"))
	}
	return err
}

func (c Config) complete() Config {
	if c.For == 0 {
		c.For = DefaultFor
	}
	if c.Listen == "" {
		c.Listen = DefaultAddress
	}
	if c.Admin == "" {
		c.Admin = DefaultAddress
	}
	return c
}

// Run shows the demo until it is over or ctx ends, and then prints a summary.
// The error is nil in both cases.
func Run(ctx context.Context, c Config) error {
	if err := c.Validate(); err != nil {
		return err
	}
	c = c.complete()
	s, err := newStage(c)
	if err != nil {
		return err
	}
	defer s.close()
	screen := c.screen()
	if err := s.show(ctx, screen); err != nil {
		return err
	}
	return printLines(c.Out, s.summary(screen.width()))
}

func (c Config) screen() screen {
	if c.Size == nil {
		return &plain{c.Out}
	}
	return &terminal{c.Out, c.Size, c.Color}
}
