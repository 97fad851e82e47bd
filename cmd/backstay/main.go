// Command backstay puts reliability policies in front of any service.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/backstay-go/backstay/gateway/config"
)

// The exit codes. A signal n that comes twice ends the process with 128+n.
const (
	exitOK     = 0
	exitFailed = 1 // it ran and failed
	exitUsage  = 2 // the command line or the configuration is wrong
	exitGrace  = 3 // requests were cut off when the grace period ended
)

func main() { os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr)) }

// failure is an error with the exit code it ends the process with.
type failure struct {
	code int
	err  error
}

func (f *failure) Error() string {
	if f.err == nil {
		return "failed"
	}
	return f.err.Error()
}
func (f *failure) Unwrap() error { return f.err }

// failed returns err with the exit code exitFailed.
func failed(format string, args ...any) error {
	return &failure{exitFailed, fmt.Errorf(format, args...)}
}

// run executes one command line and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	if f, ok := errors.AsType[*failure](err); !ok || f.err != nil {
		report(stderr, err)
	}
	if f, ok := errors.AsType[*failure](err); ok {
		return f.code
	}
	return exitUsage // cobra's own errors are about the command line
}

// report says what is wrong: a configuration with every mistake in it and the
// lines they are in, anything else in one line.
func report(stderr io.Writer, err error) {
	if mistakes, ok := errors.AsType[config.Mistakes](err); ok {
		fmt.Fprint(stderr, mistakes.Report())
		return
	}
	fmt.Fprintf(stderr, "backstay: %v\n", err)
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "backstay",
		Short:         "Keep services standing when what they depend on does not",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(newServe(), newCheck(), newSchema(), newVersion())
	return root
}
