package config

import (
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// entry is one key of a mapping with its value.
type entry struct {
	key   string
	node  ast.Node // of the key
	value ast.Node
}

// reserved are the names that later versions will know. They are refused with a
// message of their own, and never ignored.
var reserved = map[reflect.Type][]string{
	reflect.TypeFor[Config]():   {"edge"},
	reflect.TypeFor[Upstream](): {"health", "outlier"},
	reflect.TypeFor[Route]():    {"adaptive"},
}

// object decodes a mapping into a struct.
func (d *decoder) object(n ast.Node, path string, v reflect.Value) {
	fields := fieldsOf(v.Type())
	for _, e := range d.entries(n, path) {
		index, known := fields.index[e.key]
		if known {
			d.value(e.value, join(path, e.key), v.Field(index))
			continue
		}
		d.unknown(e, path, v.Type(), fields.names)
	}
}

// unknown notes a key that is no field of t.
func (d *decoder) unknown(e entry, path string, t reflect.Type, known []string) {
	if slices.Contains(reserved[t], e.key) {
		d.mistake(e.node, join(path, e.key), "%q is not supported yet by this version: leave it out", e.key)
		return
	}
	in := ""
	if path != "" {
		in = " in " + path
	}
	d.mistake(e.node, join(path, e.key), "unknown field %q%s: %s", e.key, in, suggest(e.key, known))
	d.found[len(d.found)-1].unknown = true
}

// table decodes a mapping into a map whose keys are names.
func (d *decoder) table(n ast.Node, path string, v reflect.Value) {
	entries := d.entries(n, path)
	v.Set(reflect.MakeMapWithSize(v.Type(), len(entries)))
	for _, e := range entries {
		if e.key == "" {
			d.mistake(e.node, path, "the name is empty: write one, such as users")
			continue
		}
		element := reflect.New(v.Type().Elem()).Elem()
		d.places[join(path, e.key)] = placeOf(e.node)
		d.value(e.value, join(path, e.key), element)
		v.SetMapIndex(reflect.ValueOf(e.key), element)
	}
}

// entries returns the keys and values of a mapping, those of merge keys (<<)
// included, which the mapping's own keys replace.
func (d *decoder) entries(n ast.Node, path string) []entry {
	mapping, ok := n.(*ast.MappingNode)
	if !ok {
		d.mistake(n, path, "%s", notMapping(n, path))
		return nil
	}
	var own, merged []entry
	lines := map[string]int{}
	for _, pair := range mapping.Values {
		if pair.Key.IsMergeKey() {
			merged = append(merged, d.merged(pair.Value, path)...)
			continue
		}
		key := keyText(pair.Key)
		if line, twice := lines[key]; twice {
			d.mistake(pair.Key, join(path, key), "%q is written twice, first in line %d: remove one", key, line)
			continue
		}
		lines[key] = placeOf(pair.Key).line
		own = append(own, entry{key, pair.Key, pair.Value})
	}
	for _, e := range merged {
		if _, replaced := lines[e.key]; !replaced {
			lines[e.key] = 0
			own = append(own, e)
		}
	}
	return own
}

// merged returns the entries that a merge key stands for.
func (d *decoder) merged(n ast.Node, path string) []entry {
	n = d.unwrap(n, path)
	if n == nil || d.tooMany(n, path) {
		return nil
	}
	sequence, ok := n.(*ast.SequenceNode)
	if !ok {
		entries := d.entries(n, path)
		for i, e := range entries {
			if d.tooMany(e.node, path) {
				return entries[:i]
			}
		}
		return entries
	}
	var all []entry
	for _, each := range sequence.Values {
		all = append(all, d.merged(each, path)...)
	}
	return all
}

func notMapping(n ast.Node, path string) string {
	if path == "" {
		return "the file is " + kindOf(n) + ": " + shortestFile
	}
	return last(path) + " is " + kindOf(n) + ": write its fields, or {} for the defaults"
}

func keyText(n ast.MapKeyNode) string {
	if s, ok := n.(*ast.StringNode); ok {
		return s.Value
	}
	return strings.TrimSpace(n.GetToken().Value)
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// fields are the names of a struct's fields in a file.
type fields struct {
	names []string
	index map[string]int
}

func fieldsOf(t reflect.Type) fields {
	f := fields{index: map[string]int{}}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name != "" && name != "-" {
			f.names = append(f.names, name)
			f.index[name] = i
		}
	}
	return f
}
