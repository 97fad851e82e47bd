package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/backstay-go/backstay/breaker"
	"github.com/backstay-go/backstay/bulkhead"
	"github.com/backstay-go/backstay/ratelimit"
	"github.com/backstay-go/backstay/retry"
)

// mappings say which type of a file stands for which of the library, and which
// fields of the library a file has no name for: code, and what the gateway sets.
var mappings = []struct {
	file     any
	library  func(file any) any
	codeOnly []string
}{
	{Breaker{}, func(f any) any { return f.(Breaker).Config() }, []string{"Name", "Classify", "Observer"}},
	{Bulkhead{}, func(f any) any { return f.(Bulkhead).Config() }, []string{"Name", "Observer"}},
	{Budget{}, func(f any) any { return f.(Budget).Config() }, nil},
	{Backoff{}, func(f any) any { return f.(Backoff).exponential() }, nil},
	{RateLimit{}, func(f any) any { return f.(RateLimit).Config() }, []string{"Name", "Observer"}},
	{Quota{}, func(f any) any { return ratelimit.Quota(f.(Quota)) }, nil},
	// Budgets are shared by the routes to one upstream, so the gateway makes them.
	{Retry{}, func(f any) any { return f.(Retry).policy() }, []string{"Name", "Retryable", "Budget", "Observer"}},
	// Gates are made of the blocks breaker and bulkhead; a rate limit belongs to a route.
	{Policy{}, func(f any) any { return f.(Policy).Pipeline() }, []string{"Name", "Admit", "Gates", "Observer"}},
}

func TestEveryFieldOfTheLibraryIsMapped(t *testing.T) {
	for _, m := range mappings {
		file := filled(reflect.TypeOf(m.file))
		library := reflect.Indirect(reflect.ValueOf(m.library(file.Interface())))
		known := fieldsOf(file.Type())
		for i := range library.NumField() {
			field := library.Type().Field(i)
			if !field.IsExported() || slices.Contains(m.codeOnly, field.Name) {
				continue
			}
			if _, ok := known.index[snake(field.Name)]; !ok {
				t.Errorf("%v has no field %q for %v.%s: add it, or list it as code-only", file.Type(), snake(field.Name), library.Type(), field.Name)
			}
			if library.Field(i).IsZero() {
				t.Errorf("%v.%s stays zero when %v is converted", library.Type(), field.Name, file.Type())
			}
		}
	}
}

func TestEveryNameOfAFileIsTheLibrarys(t *testing.T) {
	// Gates in the library; what the gateway makes of requests, and for upstreams.
	own := []string{"breaker", "bulkhead", "key", "budget"}
	for _, m := range mappings {
		library := reflect.Indirect(reflect.ValueOf(m.library(m.file))).Type()
		for name := range fieldsOf(reflect.TypeOf(m.file)).index {
			if !slices.Contains(own, name) && !hasField(library, name) {
				t.Errorf("%T has the field %q, which is none of %v", m.file, name, library)
			}
		}
	}
}

func hasField(t reflect.Type, name string) bool {
	for i := range t.NumField() {
		if snake(t.Field(i).Name) == name {
			return true
		}
	}
	return false
}

// filled returns a value of t with no field at zero.
func filled(t reflect.Type) reflect.Value {
	v := reflect.New(t).Elem()
	switch t.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(t.Elem()))
		v.Elem().Set(filled(t.Elem()))
	case reflect.Struct:
		for i := range t.NumField() {
			v.Field(i).Set(filled(t.Field(i).Type))
		}
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint8:
		v.SetUint(1)
	case reflect.Float64:
		v.SetFloat(0.5)
	case reflect.String:
		v.SetString("x")
	case reflect.Slice:
		v.Set(reflect.Append(v, filled(t.Elem())))
	case reflect.Bool:
		v.SetBool(true)
	default:
		panic("no value for " + t.String())
	}
	return v
}

// The comments of a file's fields say the library's defaults. This keeps them
// true.
func TestDefaultsInCommentsAreTheLibrarys(t *testing.T) {
	describe, err := descriptions()
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]any{
		"Retry.MaxAttempts":    retry.DefaultMaxAttempts,
		"Backoff.Base":         retry.DefaultBase,
		"Backoff.Max":          retry.DefaultMax,
		"Backoff.Factor":       retry.DefaultFactor,
		"Budget.Ratio":         retry.DefaultRatio,
		"Budget.Window":        retry.DefaultWindow,
		"Breaker.FailureRate":  breaker.DefaultFailureRate,
		"Breaker.SlowRate":     breaker.DefaultSlowRate,
		"Breaker.MinCalls":     breaker.DefaultMinCalls,
		"Breaker.Window":       breaker.DefaultWindow,
		"Breaker.Cooldown":     breaker.DefaultCooldown,
		"Breaker.MaxCooldown":  breaker.DefaultMaxCooldown,
		"Breaker.Probes":       breaker.DefaultProbes,
		"Breaker.ProbeTimeout": breaker.DefaultProbeTimeout,
		"Breaker.Ramp":         breaker.DefaultRamp,
		"Bulkhead.Limit":       bulkhead.DefaultLimit,
		"Bulkhead.MaxWait":     bulkhead.DefaultMaxWait,
		"RateLimit.MaxKeys":    ratelimit.DefaultMaxKeys,
		"Shutdown.DrainDelay":  DefaultDrainDelay,
		"Shutdown.Grace":       DefaultGrace,
		"Config.Listen":        DefaultListen,
		"Config.Admin":         DefaultAdmin,
	}
	for field, want := range tests {
		if text := describe[field]; !containsWord(text, want) {
			t.Errorf("%s is described as %q, which does not say its default %v", field, text, want)
		}
	}
}

func containsWord(text string, want any) bool {
	for _, w := range words(text) {
		switch want := want.(type) {
		case time.Duration:
			if d, err := time.ParseDuration(w); err == nil && d == want {
				return true
			}
		default:
			if w == fmt.Sprint(want) {
				return true
			}
		}
	}
	return false
}

// words returns the words of a text without the signs behind them.
func words(text string) []string {
	all := strings.Fields(text)
	for i := range all {
		all[i] = strings.TrimRight(all[i], ".,;")
	}
	return all
}
