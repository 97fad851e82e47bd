package config

import (
	"embed"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"reflect"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/ratelimit"
)

// files are the sources whose comments describe the fields: what a user reads in
// an editor and in the documentation of this package is the same text.
//
//go:embed config.go policy.go
var files embed.FS

// variable matches a value with an environment variable in it, which any field
// may hold.
const variable = `\$\{`

// Schema returns the JSON Schema (draft 2020-12) of a configuration.
func Schema() (*jsonschema.Schema, error) {
	describe, err := descriptions()
	if err != nil {
		return nil, err
	}
	s, err := jsonschema.For[Config](&jsonschema.ForOptions{TypeSchemas: valueSchemas()})
	if err != nil {
		return nil, err
	}
	refine(s, reflect.TypeFor[Config](), describe)
	s.Schema = "https://json-schema.org/draft/2020-12/schema"
	s.Title = "Configuration of the Backstay gateway"
	s.Description = describe["Config"]
	return s, nil
}

// valueSchemas describe the types that read themselves from a text.
func valueSchemas() map[reflect.Type]*jsonschema.Schema {
	duration := text(`^([0-9.]+(ns|us|µs|ms|s|m|h))+$|^0$`, "1.5s", "100ms")
	endpoint := text(`^https?://[^/?#]+`, "http://127.0.0.1:9001")
	priorities := []string{}
	for p := gate.Sheddable; p <= gate.CriticalPlus; p++ {
		priorities = append(priorities, p.String())
	}
	return map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[Duration]():       duration,
		reflect.TypeFor[Ramp]():           {AnyOf: []*jsonschema.Schema{choice(Off), duration.CloneSchemas()}},
		reflect.TypeFor[Attempts]():       {AnyOf: []*jsonschema.Schema{choice("unlimited"), number("integer")}},
		reflect.TypeFor[ratelimit.Rate](): text(`^[0-9]+/([0-9].*|ns|us|µs|ms|s|m|h|d)$`, "100/s", "1000/h"),
		reflect.TypeFor[Jitter]():         choice(jitterNames...),
		reflect.TypeFor[gate.Priority]():  choice(priorities...),
		reflect.TypeFor[Endpoints](): {AnyOf: []*jsonschema.Schema{
			endpoint, {Type: "array", Items: endpoint.CloneSchemas(), MinItems: new(1)},
		}},
	}
}

// text returns the schema of strings that match the pattern, or hold a variable.
func text(pattern string, examples ...any) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: pattern + "|" + variable, Examples: examples}
}

// choice returns the schema of a few words.
func choice(words ...string) *jsonschema.Schema {
	return text("^(" + strings.Join(words, "|") + ")$")
}

// number returns the schema of numbers from zero up, or of a variable.
func number(kind string) *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
		{Type: kind, Minimum: new(0.0)},
		{Type: "string", Pattern: variable},
	}}
}

// refine adds to s, the schema of t, what the type alone does not say: the
// description of each field, that no value may be null, that numbers are not
// negative and the short form of a budget.
func refine(s *jsonschema.Schema, t reflect.Type, describe map[string]string) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if len(s.Types) == 2 && s.Types[0] == "null" {
		s.Type, s.Types = s.Types[1], nil
	}
	switch s.Type {
	case "integer", "number":
		s.AnyOf, s.Type = number(s.Type).AnyOf, ""
	case "array":
		refine(s.Items, t.Elem(), describe)
	case "object":
		refineObject(s, t, describe)
	}
	if t == reflect.TypeFor[Budget]() {
		object := *s
		*s = jsonschema.Schema{AnyOf: []*jsonschema.Schema{choice(Off), &object}}
	}
}

func refineObject(s *jsonschema.Schema, t reflect.Type, describe map[string]string) {
	if t.Kind() == reflect.Map {
		refine(s.AdditionalProperties, t.Elem(), describe)
		return
	}
	if t.Kind() != reflect.Struct {
		return
	}
	for name, index := range fieldsOf(t).index {
		property := s.Properties[name]
		refine(property, t.Field(index).Type, describe)
		property.Description = describe[t.Name()+"."+t.Field(index).Name]
	}
}

// descriptions returns the comments of the exported types and of their fields,
// by names such as Route and Route.Upstream. Fields are named as in a file.
func descriptions() (map[string]string, error) {
	all := map[string]string{}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		source, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ParseComments)
		if err != nil {
			return fmt.Errorf("config: %w", err)
		}
		for _, decl := range file.Decls {
			if types, ok := decl.(*ast.GenDecl); ok && types.Tok == token.TYPE {
				maps.Copy(all, describeType(types))
			}
		}
		return nil
	})
	return all, err
}

func describeType(decl *ast.GenDecl) map[string]string {
	all := map[string]string{}
	for _, spec := range decl.Specs {
		typeSpec := spec.(*ast.TypeSpec)
		all[typeSpec.Name.Name] = oneLine(decl.Doc.Text())
		structType, ok := typeSpec.Type.(*ast.StructType)
		if !ok {
			continue
		}
		for _, field := range structType.Fields.List {
			for _, name := range field.Names {
				text := strings.TrimPrefix(oneLine(field.Doc.Text()), name.Name)
				all[typeSpec.Name.Name+"."+name.Name] = snake(name.Name) + text
			}
		}
	}
	return all
}

func oneLine(comment string) string { return strings.Join(strings.Fields(comment), " ") }
