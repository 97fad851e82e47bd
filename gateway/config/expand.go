package config

import (
	"fmt"
	"strings"
)

// expand replaces ${NAME} and ${NAME:-default} in a value; $${ stands for ${
// itself. A variable that is not set, or empty where a default is given, gets
// the default; one without a default must be set.
func expand(value string, lookup func(string) (string, bool)) (string, error) {
	if !strings.Contains(value, "${") {
		return value, nil
	}
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(value, "${")
		if !found {
			out.WriteString(value)
			return out.String(), nil
		}
		if escaped, ok := strings.CutSuffix(before, "$"); ok {
			out.WriteString(escaped + "${")
			value = rest
			continue
		}
		out.WriteString(before)
		reference, after, closed := strings.Cut(rest, "}")
		if !closed {
			return "", fmt.Errorf("%q has no closing brace: write ${NAME}, or $${ for ${ itself", "${"+rest)
		}
		text, err := resolve(reference, lookup)
		if err != nil {
			return "", err
		}
		out.WriteString(text)
		value = after
	}
}

// resolve returns what NAME or NAME:-default stands for.
func resolve(reference string, lookup func(string) (string, bool)) (string, error) {
	name, fallback, hasDefault := strings.Cut(reference, ":-")
	if !isVariable(name) {
		return "", fmt.Errorf("%q names no environment variable: write ${NAME}, or $${ for ${ itself", "${"+reference+"}")
	}
	text, ok := lookup(name)
	switch {
	case hasDefault && text == "":
		return fallback, nil
	case !ok:
		return "", fmt.Errorf("the environment variable %s is not set: set it, or write ${%s:-default}", name, name)
	default:
		return text, nil
	}
}

// isVariable reports whether name could be the name of a variable.
func isVariable(name string) bool {
	for i, r := range name {
		letter := r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}
