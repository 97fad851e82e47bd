package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/backstay-go/backstay/gateway/config"
	"github.com/backstay-go/backstay/gateway/demo"
)

// leastDemo is how long a demo takes at least: with less there is nothing to
// see.
const leastDemo = time.Second

func newDemo() *cobra.Command {
	var conf demo.Config
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Watch a service fail, with and without Backstay",
		Long: `Runs two identical services that fail, slow down and recover on one schedule,
and sends them the same requests: one directly, the other through the gateway.
Shows both next to each other, and a summary at the end; a line a second where
the output is not a terminal. Ctrl-C ends it early.

This is the configuration of the gateway:

` + indent(demo.YAML),
		Example: `  backstay demo
  backstay demo --for 20s
  backstay demo --for 20s | grep name=slow`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return runDemo(cmd, conf) },
	}
	cmd.Flags().DurationVar(&conf.For, "for", demo.DefaultFor, "how long it takes, as a `DURATION` of at least "+leastDemo.String())
	cmd.Flags().StringVar(&conf.Listen, "listen", demo.DefaultAddress, "the `ADDRESS` of the gateway; port 0 is a free one")
	cmd.Flags().StringVar(&conf.Admin, "admin", demo.DefaultAddress, "the `ADDRESS` of its admin listener, or off")
	cmd.Flags().Uint64Var(&conf.Seed, "seed", 1, "a `NUMBER` that decides when requests come and which fail")
	cmd.Flags().Bool("no-browser", false, "open no browser")
	_ = cmd.Flags().MarkHidden("no-browser") // scripts may write it already; there is no browser yet
	return cmd
}

func runDemo(cmd *cobra.Command, conf demo.Config) error {
	if conf.For < leastDemo {
		return &failure{exitUsage, fmt.Errorf("--for is %v: write at least %v", conf.For, leastDemo)}
	}
	conf.Out = cmd.OutOrStdout()
	if file, ok := conf.Out.(*os.File); ok && term.IsTerminal(int(file.Fd())) && os.Getenv("TERM") != "dumb" {
		conf.Size = func() (int, int, error) { return term.GetSize(int(file.Fd())) }
		conf.Color = os.Getenv("NO_COLOR") == ""
	}
	ctx, stop := untilSignal(cmd.Context(), cmd.ErrOrStderr(), func() {})
	defer stop()
	err := demo.Run(ctx, conf)
	if _, ok := errors.AsType[config.Mistakes](err); ok {
		return &failure{exitUsage, inFlags(err)}
	}
	if err != nil {
		return &failure{exitFailed, fmt.Errorf("demo: %w", elsewhere(err))}
	}
	return nil
}

// indent shifts text to the right, as an example in a help text.
func indent(text string) string {
	var shifted strings.Builder
	for line := range strings.Lines(text) {
		if line != "\n" {
			shifted.WriteString("  ")
		}
		shifted.WriteString(line)
	}
	return strings.TrimSuffix(shifted.String(), "\n")
}
