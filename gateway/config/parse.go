package config

import (
	"bytes"
	"errors"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxFile is how long a configuration may be, in bytes.
const maxFile = 4 << 20

// Parse reads a configuration in YAML. The name is that of the file, for
// messages. The function lookup finds environment variables: os.LookupEnv, in a
// program.
//
// The error is a [Mistakes] with every mistake that could be found.
func Parse(name string, data []byte, lookup func(string) (string, bool)) (*Config, error) {
	if len(data) > maxFile {
		return nil, Mistakes{{File: name, Text: "the file is longer than 4 MiB: is it a configuration?"}}
	}
	data = bytes.TrimPrefix(data, []byte("\uFEFF")) // some editors begin files with it
	d := &decoder{source: newSource(name, data), lookup: lookup, names: map[string]ast.Node{}, places: map[string]place{}}
	c := new(Config)
	// Keys written twice are found by the decoder, which goes on after them.
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, Mistakes{d.syntax(err)}
	}
	if d.document(file, c) {
		d.report(c.check())
	}
	if len(d.found) > 0 {
		return nil, d.found.sorted()
	}
	return c, nil
}

// document decodes the only document of a file. It reports whether there is one.
func (d *decoder) document(file *ast.File, c *Config) bool {
	var bodies []ast.Node
	for _, doc := range file.Docs {
		if _, empty := doc.Body.(*ast.CommentGroupNode); doc.Body != nil && !empty {
			bodies = append(bodies, doc.Body)
		}
	}
	if len(bodies) == 0 {
		d.found = append(d.found, Mistake{File: d.source.file, Text: "the file is empty: " + shortestFile})
		return false
	}
	for _, second := range bodies[1:] {
		d.mistake(second, "", "a second document begins here: write one document in a file")
	}
	ast.Walk(anchors(d.names), bodies[0])
	d.value(bodies[0], "", reflect.ValueOf(c).Elem())
	return true
}

// anchors collects the values that aliases stand for.
type anchors map[string]ast.Node

// Visit implements ast.Visitor.
func (a anchors) Visit(n ast.Node) ast.Visitor {
	if anchor, ok := n.(*ast.AnchorNode); ok && anchor.Name != nil {
		a[anchor.Name.String()] = anchor.Value
	}
	return a
}

// syntax returns the mistake that the YAML parser has found. It finds only one.
func (d *decoder) syntax(err error) Mistake {
	broken, ok := errors.AsType[yaml.Error](err)
	if !ok {
		return Mistake{File: d.source.file, Text: "not YAML: " + err.Error()}
	}
	text := "not YAML: " + broken.GetMessage()
	if strings.Contains(text, "found character '\t'") {
		text = "a tab cannot indent YAML: write spaces"
	}
	m := d.source.mistake(placeOfToken(broken.GetToken()), "", text)
	if strings.Contains(m.source, "${") {
		m.Text += "; between braces or brackets, write a variable in quotes: \"${NAME}\""
	}
	return m
}

// report gives findings their places, and leaves out those that only follow from
// a mistake already found.
func (d *decoder) report(all findings) {
	broken, misnamed := map[string]bool{}, map[string]bool{}
	for _, m := range d.found {
		broken[m.Path] = true
		if m.unknown {
			misnamed[parentOf(m.Path)] = true
		}
	}
	for _, f := range all {
		parent := parentOf(f.path)
		if broken[f.path] || f.missing && (misnamed[parent] || broken[parent]) {
			continue
		}
		d.found = append(d.found, d.source.mistake(d.placeFor(f.path), f.path, f.text))
	}
}

// placeFor returns the place of a path, or of the nearest one around it.
func (d *decoder) placeFor(path string) place {
	for {
		if p, ok := d.places[path]; ok || path == "" {
			return p
		}
		path = parentOf(path)
	}
}

// parentOf returns the path without its last element.
func parentOf(path string) string {
	return path[:max(0, strings.LastIndexAny(path, ".["))]
}
