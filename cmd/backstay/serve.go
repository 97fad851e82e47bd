package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/backstay-go/backstay/event"
	"github.com/backstay-go/backstay/gateway"
	"github.com/backstay-go/backstay/gateway/config"
)

// serveFlags are the flags of serve.
type serveFlags struct {
	config    string
	upstreams []string
	listen    string
	admin     string
}

func newServe() *cobra.Command {
	var flags serveFlags
	cmd := &cobra.Command{
		Use:   "serve --config FILE | --upstream URL",
		Short: "Run the gateway",
		Example: `  backstay serve --upstream http://127.0.0.1:9001
  backstay serve --config gateway.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return serve(cmd, flags) },
	}
	cmd.Flags().StringVarP(&flags.config, "config", "c", "", "the configuration `FILE`; - is standard input")
	cmd.Flags().StringArrayVarP(&flags.upstreams, "upstream", "u", nil, "the `URL` of an upstream's endpoint; repeat it for more endpoints")
	cmd.Flags().StringVar(&flags.listen, "listen", "", "the `ADDRESS` to serve on (default "+config.DefaultListen+")")
	cmd.Flags().StringVar(&flags.admin, "admin", "", "the `ADDRESS` of the admin listener, or off (default "+config.DefaultAdmin+")")
	cmd.MarkFlagsOneRequired("config", "upstream")
	cmd.MarkFlagsMutuallyExclusive("config", "upstream")
	return cmd
}

func serve(cmd *cobra.Command, flags serveFlags) error {
	conf, err := flags.load(cmd.InOrStdin())
	if err != nil {
		return &failure{exitUsage, err}
	}
	g, err := gateway.New(conf, event.Slog(slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))))
	if err != nil {
		return &failure{exitUsage, err}
	}
	conf = conf.Complete()
	front, err := net.Listen("tcp", conf.Listen)
	if err != nil {
		return failed("listen: %w", err)
	}
	var back net.Listener
	if conf.Admin != "off" {
		if back, err = net.Listen("tcp", conf.Admin); err != nil {
			front.Close()
			return failed("admin: %w", err)
		}
	}
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	fmt.Fprintf(cmd.ErrOrStderr(), "backstay: listening on http://%s\n", front.Addr())
	if back != nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "backstay: admin on http://%s\n", back.Addr())
	}
	return exitOf(ctx, g.Serve(ctx, front, back))
}

func exitOf(_ context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, gateway.ErrGraceExceeded):
		return &failure{exitGrace, err}
	default:
		return failed("serve: %w", err)
	}
}

// load returns the configuration that the flags say.
func (f serveFlags) load(stdin io.Reader) (*config.Config, error) {
	conf := &config.Config{Upstream: f.upstreams}
	if f.config != "" {
		var err error
		if conf, err = readConfig(f.config, stdin); err != nil {
			return nil, err
		}
	}
	if f.listen != "" {
		conf.Listen = f.listen
	}
	if f.admin != "" {
		conf.Admin = f.admin
	}
	return conf, nil
}
