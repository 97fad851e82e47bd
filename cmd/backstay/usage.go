package main

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/backstay-go/backstay/gateway"
	"github.com/backstay-go/backstay/gateway/config"
)

// usage says what is wrong with a command line, in place of err, which is the
// framework's word for it.
func usage(cmd *cobra.Command, err error) error {
	if value, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		flag := value.GetFlag()
		return fmt.Errorf("--%s is %q: write %s", flag.Name, value.GetValue(), form(flag))
	}
	if value, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		placeholder, _ := pflag.UnquoteUsage(value.GetFlag())
		return fmt.Errorf("--%[1]s has no value: write --%[1]s %[2]s", value.GetFlag().Name, placeholder)
	}
	var name string
	if _, scanned := fmt.Sscanf(err.Error(), "unknown command %q for", &name); scanned == nil {
		return fmt.Errorf("unknown command %q: %s, or see %s --help", name, oneOf(cmd, name), cmd.CommandPath())
	}
	if _, ok := errors.AsType[*argumentError](err); ok {
		return err
	}
	return fmt.Errorf("%s: see %s --help", strings.Join(strings.Fields(err.Error()), " "), cmd.CommandPath())
}

// form says what a flag wants.
func form(flag *pflag.Flag) string {
	switch flag.Value.Type() {
	case "bool":
		return fmt.Sprintf("--%s alone, or leave it out", flag.Name)
	case "duration":
		return fmt.Sprintf("a number with a unit, such as --%s 30s", flag.Name)
	default:
		return fmt.Sprintf("a whole number, such as --%s 1", flag.Name)
	}
}

// oneOf says which command to write in place of one that there is not.
func oneOf(cmd *cobra.Command, name string) string {
	if meant := cmd.SuggestionsFor(name); len(meant) > 0 {
		return "write " + strings.Join(meant, " or ")
	}
	var names []string
	for _, each := range cmd.Commands() {
		if each.IsAvailableCommand() {
			names = append(names, each.Name())
		}
	}
	return "write one of " + strings.Join(names, ", ")
}

// argumentError is about the arguments of a command. Its text says all.
type argumentError struct{ text string }

func (e *argumentError) Error() string { return e.text }

// noArguments refuses arguments.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return &argumentError{fmt.Sprintf("%s takes no arguments: leave out %q, or see %s --help", cmd.Name(), args[0], cmd.CommandPath())}
}

// serveArguments refuses arguments, which are most likely meant to be flags.
func serveArguments(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	flag := "--config"
	if strings.Contains(args[0], "://") {
		flag = "--upstream"
	}
	return &argumentError{fmt.Sprintf("serve takes no arguments, but %q is one: write %s %s", args[0], flag, args[0])}
}

// someFiles wants at least one file.
func someFiles(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return nil
	}
	return &argumentError{fmt.Sprintf("there is nothing to %[1]s: write %[2]s gateway.yaml, or %[2]s - for standard input", cmd.Name(), cmd.CommandPath())}
}

// inFlags names in a validation error the flags that were wrong. It is for
// configurations whose file, if they have one, is valid.
func inFlags(err error) error {
	mistakes, ok := errors.AsType[config.Mistakes](err)
	if !ok {
		return err
	}
	var all []error
	for _, m := range mistakes {
		flag, _, _ := strings.Cut(m.Path, "[")
		if is, ok := strings.CutPrefix(m.Text, flag+" is "); ok {
			all = append(all, fmt.Errorf("--%s is %s", flag, is))
			continue
		}
		all = append(all, fmt.Errorf("--%s: %s", flag, m.Text))
	}
	return errors.Join(all...)
}

// elsewhere adds to an error about a port in use the flags that choose another.
func elsewhere(err error) error {
	e, ok := errors.AsType[*gateway.ListenError](err)
	if !ok || !errors.Is(err, syscall.EADDRINUSE) {
		return err
	}
	flags := "--" + e.Field + " ADDRESS"
	if e.Field == "admin" {
		flags += " or --admin off"
	}
	return fmt.Errorf("%s: %s is in use: stop what listens there, or write %s", e.Field, e.Address, flags)
}
