// Package config is the configuration of the gateway: the tree that a YAML file
// is read into, and the checks that find every mistake in it.
//
//	conf, err := config.Parse("gateway.yaml", data, os.LookupEnv)
//
// The names in a file are the names of the library's fields in snake_case, and
// what is left out gets the library's default. A field that no version knows,
// or that this version does not support yet, is a mistake and never ignored.
package config
