package config

import (
	"reflect"
	"regexp"
	"strings"
	"unicode"
)

// libraryMistake matches what the library's Validate methods say about a field:
// the package, the field's path, and the rest.
var libraryMistake = regexp.MustCompile(`^\w+: (?:Budget )?([\w.\[\]]+) ((?:is|has) .*)$`)

// library adds the mistakes that the library finds in config, a pointer to what
// the block at path of the file was converted to. Fields are named as in the file.
func (f *findings) library(path string, config interface{ Validate() error }) {
	for _, each := range leaves(config.Validate()) {
		match := libraryMistake.FindStringSubmatch(each.Error())
		if match == nil {
			f.add(path, "%s", each)
			continue
		}
		name := snake(match[1])
		f.add(path+"."+name, "%s %s", last(name), inFile(match[2], reflect.TypeOf(config).Elem()))
	}
}

// leaves returns the errors that were joined into err.
func leaves(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, each := range joined.Unwrap() {
		all = append(all, leaves(each)...)
	}
	return all
}

var word = regexp.MustCompile(`\w+`)

// inFile replaces the names of config's fields in a text by their names in a
// file, and "want", the library's word for a remedy, by the word used here.
func inFile(text string, config reflect.Type) string {
	text = strings.Replace(text, ": want ", ": write ", 1)
	text = strings.ReplaceAll(text, "Rate.Count", "as many as the rate has in its period")
	return word.ReplaceAllStringFunc(text, func(w string) string {
		if _, ok := config.FieldByName(w); ok {
			return snake(w)
		}
		return w
	})
}

// snake returns the name a field of the library has in a file: MaxAttempts is
// max_attempts, and And[0].Rate is and[0].rate.
func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 && name[i-1] != '.' {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
