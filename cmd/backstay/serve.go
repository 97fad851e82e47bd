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
	"runtime/debug"
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
		Args: serveArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return serve(cmd, flags) },
	}
	cmd.Flags().StringVarP(&flags.config, "config", "c", "", "the configuration `FILE`; - is standard input")
	cmd.Flags().StringArrayVarP(&flags.upstreams, "upstream", "u", nil, "the `URL` of an upstream's endpoint; repeat it for more endpoints")
	cmd.Flags().StringVar(&flags.listen, "listen", "", "the `ADDRESS` to serve on (default "+config.DefaultListen+")")
	cmd.Flags().StringVar(&flags.admin, "admin", "", "the `ADDRESS` of the admin listener, or off (default "+config.DefaultAdmin+")")
	return cmd
}

func serve(cmd *cobra.Command, flags serveFlags) error {
	conf, err := flags.load(cmd.InOrStdin())
	if err != nil {
		return &failure{exitUsage, err}
	}
	log := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
	g, err := gateway.New(conf, event.Slog(log))
	if err != nil {
		return &failure{exitUsage, inFlags(err)}
	}
	collectLessOften()
	front, admin, err := g.Listen()
	if err != nil {
		return &failure{exitFailed, elsewhere(err)}
	}
	ctx, stop := untilSignal(cmd.Context(), cmd.ErrOrStderr(), func() { announceStop(cmd.ErrOrStderr(), conf.Complete()) })
	defer stop()
	announce(cmd.ErrOrStderr(), front, admin)
	switch err := g.Serve(ctx, front, admin); {
	case errors.Is(err, gateway.ErrGraceExceeded):
		return &failure{exitGrace, fmt.Errorf("%w: they were cut off", err)}
	case err != nil:
		return &failure{exitFailed, fmt.Errorf("serve: %w", err)}
	default:
		return nil
	}
}

// collectLessOften lets the heap grow to five times of what is in use before the
// garbage collector runs, instead of two, unless GOGC says otherwise. A gateway
// has a few MiB in use and allocates some hundred MiB a second: the default runs
// the collector so often that it takes a tenth of the CPU time.
func collectLessOften() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
}

// announce prints where the gateway listens, with the ports that were free:
//
//	backstay: listening on http://127.0.0.1:8080
//	backstay: admin on http://127.0.0.1:9901
//
// The lines are part of the command's interface; see docs/design/020-a-gateway-of-library-parts.md.
func announce(w io.Writer, front, admin net.Listener) {
	fmt.Fprintf(w, "backstay: listening on http://%s\n", front.Addr())
	if admin != nil {
		fmt.Fprintf(w, "backstay: admin on http://%s\n", admin.Addr())
	}
}

func announceStop(w io.Writer, c *config.Config) {
	fmt.Fprintf(w, "backstay: stopping: accepting for %v, then up to %v for requests under way; signal again to stop at once\n",
		c.Shutdown.DrainDelay, c.Shutdown.Grace)
}

// untilSignal returns a context that the first SIGINT or SIGTERM ends, after
// announcing it. The second ends the process, and says so on stderr.
func untilSignal(parent context.Context, stderr io.Writer, announce func()) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		select {
		case <-signals:
		case <-ctx.Done():
			return
		}
		announce()
		cancel()
		if second, ok := (<-signals).(syscall.Signal); ok {
			fmt.Fprintf(stderr, "backstay: stopped at once by a second signal (%v)\n", second)
			os.Exit(exitSignal + int(second))
		}
	}()
	return ctx, func() { signal.Stop(signals); cancel() }
}

// load returns the configuration that the flags say.
func (f serveFlags) load(stdin io.Reader) (*config.Config, error) {
	switch {
	case f.config == "" && len(f.upstreams) == 0:
		return nil, errors.New("serve has no upstream: write --config FILE or --upstream URL")
	case f.config != "" && len(f.upstreams) > 0:
		return nil, errors.New("--config and --upstream exclude each other: write the upstream into the file, or leave --config out")
	}
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
