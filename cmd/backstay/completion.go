package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// shells are those that completion knows.
var shells = []string{"bash", "zsh", "fish", "powershell"}

func newCompletion() *cobra.Command {
	known := strings.Join(shells, ", ")
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print a script that completes this command in a shell",
		Long:  "Completion prints a script that completes this command in a shell: " + known + ".",
		Example: `  source <(backstay completion bash)
  backstay completion fish > ~/.config/fish/completions/backstay.fish`,
		ValidArgs: shells,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) == 1 && slices.Contains(shells, args[0]):
				return nil
			case len(args) == 0:
				return &argumentError{"there is no shell: write one of " + known}
			default:
				return &argumentError{fmt.Sprintf("no completion for %q: write one of %s", strings.Join(args, " "), known)}
			}
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			out, root := cmd.OutOrStdout(), cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(out, true)
			case "zsh":
				return root.GenZshCompletion(out)
			case "fish":
				return root.GenFishCompletion(out, true)
			default:
				return root.GenPowerShellCompletionWithDesc(out)
			}
		},
	}
}

// newHelp returns the command help, which refuses names that no command has.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Explain a command",
		Example: "  backstay help serve",
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return &argumentError{fmt.Sprintf("no command is named %q: %s", strings.Join(args, " "), oneOf(cmd.Root(), args[0]))}
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	}
}
