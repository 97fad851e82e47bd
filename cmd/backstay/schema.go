package main

import (
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/backstay-go/backstay/gateway/config"
)

func newSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the configuration",
		Long: `Schema prints the JSON Schema of the configuration. Editors use it to complete
and explain what is typed, given this line at the top of the file:

  # yaml-language-server: $schema=./backstay.schema.json`,
		Example: "  backstay schema > backstay.schema.json",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			schema, err := config.Schema()
			if err != nil {
				return &failure{exitFailed, err}
			}
			encoder := json.NewEncoder(cmd.OutOrStdout())
			encoder.SetIndent("", "  ")
			encoder.SetEscapeHTML(false)
			return encoder.Encode(schema)
		},
	}
}
