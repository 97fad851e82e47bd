package config

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// decoder fills the tree from a YAML document. It goes on after a mistake, so
// that all of them are found at once, and remembers where each value stood, so
// that later checks can say it.
//
// It is not the decoder of the YAML package because that one stops at the first
// mistake and forgets the places.
type decoder struct {
	source source
	lookup func(string) (string, bool)
	names  map[string]ast.Node // by anchor
	places map[string]place    // of values, by path
	found  Mistakes
	nodes  int // decoded so far
}

// maxNodes bounds how much a document may unfold to by its aliases.
const maxNodes = 100_000

// selfDecoder is a type that has a short form in YAML besides its usual one.
type selfDecoder interface {
	// decodeShort reads the short form. It returns false if text is not one.
	decodeShort(text string) bool
	// shortForm says what the short form is, for messages.
	shortForm() string
}

// value decodes n into v. The path is that of the value.
func (d *decoder) value(n ast.Node, path string, v reflect.Value) {
	n = d.unwrap(n, path)
	if n == nil {
		return
	}
	if _, known := d.places[path]; !known {
		d.places[path] = placeOf(n)
	}
	if d.tooMany(n, path) {
		return
	}
	if short, ok := v.Addr().Interface().(selfDecoder); ok && d.short(n, path, short) {
		return
	}
	if text, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		d.text(n, path, text)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, path, v.Elem())
	case reflect.Struct:
		d.object(n, path, v)
	case reflect.Map:
		d.table(n, path, v)
	case reflect.Slice:
		d.list(n, path, v)
	default:
		d.scalar(n, path, v)
	}
}

// tooMany counts one more value, and reports whether there are too many.
func (d *decoder) tooMany(n ast.Node, path string) bool {
	d.nodes++
	if d.nodes == maxNodes+1 {
		d.mistake(n, path, "the aliases unfold to more than %d values: write less", maxNodes)
	}
	return d.nodes > maxNodes
}

// unwrap follows anchors, aliases and tags to the value itself.
func (d *decoder) unwrap(n ast.Node, path string) ast.Node {
	for range 100 {
		switch wrapped := n.(type) {
		case *ast.AnchorNode:
			n = wrapped.Value
		case *ast.TagNode:
			n = wrapped.Value
		case *ast.AliasNode:
			name := wrapped.Value.String()
			target, ok := d.names[name]
			if !ok {
				d.mistake(n, path, "no anchor is named %q: write &%s before the value it stands for", name, name)
				return nil
			}
			n = target
		case *ast.MappingNode:
			if whole := rejoin(wrapped); whole != nil {
				return whole
			}
			return n
		default:
			return n
		}
	}
	d.mistake(n, path, "the alias stands for itself: write the value")
	return nil
}

// short decodes the short form of a type that has one.
func (d *decoder) short(n ast.Node, path string, v selfDecoder) bool {
	if _, ok := n.(ast.ScalarNode); !ok {
		return false
	}
	if _, ok := n.(*ast.NullNode); ok {
		return false
	}
	text, ok := d.scalarText(n, path)
	if ok && !v.decodeShort(text) {
		d.mistake(n, path, "%s is %q: write %s", last(path), text, v.shortForm())
	}
	return true
}

// text decodes a scalar that reads itself.
func (d *decoder) text(n ast.Node, path string, v encoding.TextUnmarshaler) {
	text, ok := d.scalarText(n, path)
	if !ok {
		return
	}
	if err := v.UnmarshalText([]byte(text)); err != nil {
		d.mistake(n, path, "%s: %s", last(path), strings.Replace(withoutPackage(err.Error()), ": want ", ": write ", 1))
	}
}

// scalar decodes a string, a number or a truth value.
func (d *decoder) scalar(n ast.Node, path string, v reflect.Value) {
	text, ok := d.scalarText(n, path)
	if !ok {
		return
	}
	var err error
	want := ""
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Int, reflect.Int64:
		var number int64
		number, err = strconv.ParseInt(text, 10, v.Type().Bits())
		v.SetInt(number)
		want = "a whole number"
	case reflect.Float64:
		var number float64
		number, err = strconv.ParseFloat(text, 64)
		v.SetFloat(number)
		want = "a number, such as 0.5"
	case reflect.Bool:
		v.SetBool(text == "true")
		if text != "true" && text != "false" {
			err = strconv.ErrSyntax
		}
		want = "true or false"
	default:
		panic(fmt.Sprintf("config: no field can be a %v", v.Type()))
	}
	if err != nil {
		d.mistake(n, path, "%s is %q: write %s", last(path), text, want)
	}
}

// scalarText returns the text of a scalar with its variables replaced. If n is
// none, it notes a mistake and returns false.
func (d *decoder) scalarText(n ast.Node, path string) (string, bool) {
	var text string
	switch scalar := n.(type) {
	case *ast.StringNode:
		text = scalar.Value
	case *ast.LiteralNode:
		text = scalar.Value.Value
	case *ast.NullNode:
		d.mistake(n, path, "%s has no value: write one, or leave it out", last(path))
		return "", false
	case ast.ScalarNode:
		text = scalar.GetToken().Value
	default:
		d.mistake(n, path, "%s is %s: write a single value", last(path), kindOf(n))
		return "", false
	}
	text, err := expand(text, d.lookup)
	if err != nil {
		d.mistake(n, path, "%s: %v", last(path), err)
		return "", false
	}
	return text, true
}

// list decodes a sequence.
func (d *decoder) list(n ast.Node, path string, v reflect.Value) {
	sequence, ok := n.(*ast.SequenceNode)
	if !ok {
		d.mistake(n, path, "%s is %s: write %s", last(path), kindOf(n), listForm(v))
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(sequence.Values), len(sequence.Values)))
	for i, element := range sequence.Values {
		d.value(element, fmt.Sprintf("%s[%d]", path, i), v.Index(i))
	}
}

// listForm says how to write a list of the type of v.
func listForm(v reflect.Value) string {
	if short, ok := v.Addr().Interface().(selfDecoder); ok {
		return short.shortForm()
	}
	return "a list, with a dash before each element"
}

// kindOf names the kind of a node in messages.
func kindOf(n ast.Node) string {
	switch n.(type) {
	case *ast.MappingNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.NullNode:
		return "empty"
	default:
		return "a single value"
	}
}

// last returns the last name of a path.
func last(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

// withoutPackage removes the name of the package from an error's text.
func withoutPackage(text string) string {
	if name, rest, ok := strings.Cut(text, ": "); ok && !strings.ContainsAny(name, " \"") {
		return rest
	}
	return text
}
