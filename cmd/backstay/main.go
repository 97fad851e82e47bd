// Command backstay puts reliability policies in front of any service.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/backstay-go/backstay/gateway/config"
)

// The exit codes.
const (
	exitOK     = 0
	exitFailed = 1   // it ran and failed
	exitUsage  = 2   // the command line or the configuration is wrong
	exitGrace  = 3   // requests were cut off when the grace period ended
	exitSignal = 128 // plus the number of a signal that came twice
)

func main() { os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// failure is an error with the exit code it ends the process with. A nil err
// means that all is said.
type failure struct {
	code int
	err  error
}

func (f *failure) Error() string { return fmt.Sprintf("exit code %d: %v", f.code, f.err) }

// run executes one command line and returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitOK
	}
	f, ok := errors.AsType[*failure](err)
	if !ok { // the command line is wrong
		f = &failure{exitUsage, usage(cmd, err)}
	}
	if f.err != nil {
		report(stderr, f.err)
	}
	return f.code
}

// report says what is wrong: a configuration with every mistake in it and the
// lines they are in, anything else in a line for each mistake.
func report(stderr io.Writer, err error) {
	if mistakes, ok := errors.AsType[config.Mistakes](err); ok && mistakes[0].File != "" {
		fmt.Fprint(stderr, mistakes.Report())
		return
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintf(stderr, "backstay: %s\n", strings.TrimSuffix(line, "\n"))
	}
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "backstay",
		Version:       readVersion().String(),
		Short:         "Keep services standing when what they depend on does not",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetHelpCommand(newHelp())
	root.AddCommand(newServe(), newDemo(), newCheck(), newSchema(), newVersion(), newCompletion())
	return root
}
