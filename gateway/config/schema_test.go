package config_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/jsonschema-go/jsonschema"

	"github.com/backstay-go/backstay/gateway/config"
)

func TestSchema(t *testing.T) {
	schema := newSchema(t)
	text, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/schema.golden", string(text)+"\n")
}

func TestSchemaDescribesEveryField(t *testing.T) {
	var visit func(path string, s *jsonschema.Schema)
	visit = func(path string, s *jsonschema.Schema) {
		for name, property := range s.Properties {
			if property.Description == "" {
				t.Errorf("%s.%s has no description", path, name)
			}
			visit(path+"."+name, property)
		}
		for _, below := range append(s.AnyOf, s.Items, s.AdditionalProperties) {
			if below != nil {
				visit(path, below)
			}
		}
	}
	visit("", newSchema(t))
}

func TestSchemaAcceptsGoodFiles(t *testing.T) {
	for _, file := range glob(t, "testdata/good/*.yaml") {
		if err := validate(t, file); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestSchemaRefusesWhatItCanSee(t *testing.T) {
	for _, name := range []string{"unknown_field", "unknown_field_deep", "negative_number", "duration", "no_endpoints", "kinds", "not_yet"} {
		if err := validate(t, "testdata/bad/"+name+".yaml"); err == nil {
			t.Errorf("the schema accepts %s.yaml", name)
		}
	}
}

func newSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	schema, err := config.Schema()
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// validate checks a YAML file against the schema.
func validate(t *testing.T, file string) error {
	t.Helper()
	resolved, err := newSchema(t).Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	// The YAML package splits URLs in nested flow lists; see rejoin.
	data := strings.ReplaceAll(string(read(t, file)), "[http://127.0.0.1:9001]", `["http://127.0.0.1:9001"]`)
	var value any
	if err := yaml.Unmarshal([]byte(data), &value); err != nil {
		t.Fatalf("%s: %v", filepath.Base(file), err)
	}
	return resolved.Validate(value)
}
