package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/backstay-go/backstay/gateway/config"
)

func newCheck() *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE...",
		Short: "Find every mistake in a configuration",
		Long: `Check reads configurations as serve would and lists every mistake in them, each
with its line and what to write instead. A field that is not known is a mistake.`,
		Example: `  backstay check gateway.yaml
  render-config | backstay check -`,
		Args: someFiles,
		RunE: func(cmd *cobra.Command, files []string) error { return check(cmd, files) },
	}
}

// check reports the mistakes of all files.
func check(cmd *cobra.Command, files []string) error {
	var wrong error
	for _, file := range files {
		if _, err := readConfig(file, cmd.InOrStdin()); err != nil {
			report(cmd.ErrOrStderr(), err)
			wrong = err
			continue
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s: ok\n", displayName(file))
	}
	if wrong != nil {
		return &failure{code: exitUsage} // all is said
	}
	return nil
}

// readConfig reads a configuration from a file, or from standard input for "-".
func readConfig(file string, stdin io.Reader) (*config.Config, error) {
	var data []byte
	var err error
	if file == "-" {
		data, err = io.ReadAll(stdin)
	} else {
		data, err = os.ReadFile(file)
	}
	if broken, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, fmt.Errorf("cannot read %s (%w): name a file with a configuration, or - for standard input", file, broken.Err)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", displayName(file), err)
	}
	return config.Parse(displayName(file), data, os.LookupEnv)
}

// displayName names a file in messages.
func displayName(file string) string {
	if file == "-" {
		return "standard input"
	}
	return file
}
