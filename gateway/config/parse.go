package config

import "github.com/goccy/go-yaml"

// Parse reads a configuration and reports every mistake in it.
func Parse(name string, data []byte, lookup func(string) (string, bool)) (*Config, error) {
	c := new(Config)
	if err := yaml.UnmarshalWithOptions(data, c, yaml.Strict()); err != nil {
		return nil, err
	}
	return c, c.Validate()
}
