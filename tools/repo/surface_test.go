package repo

import (
	"cmp"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
)

// publicAPI returns a sorted line for each exported name of the root module's
// public packages, from the compiler's export data.
func publicAPI(t *testing.T) []string {
	t.Helper()
	exports := map[string]string{}
	var public []string
	for _, p := range goList(t, ".", "-export", "-deps", "./...") {
		exports[p.ImportPath] = p.Export
		if ours(p.ImportPath) && !strings.Contains("/"+p.path()+"/", "/internal/") {
			public = append(public, p.ImportPath)
		}
	}
	imports := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(exports[path])
	})
	var lines surface
	for _, path := range public {
		pkg, err := imports.Import(path)
		if err != nil {
			t.Fatal(err)
		}
		lines.prefix = "pkg " + cmp.Or(below(path), pkg.Name()) + ", "
		lines.addPackage(pkg)
	}
	slices.Sort(lines.lines)
	return lines.lines
}

// surface collects lines.
type surface struct {
	prefix string
	pkg    *types.Package
	lines  []string
}

func (s *surface) add(format string, args ...any) {
	s.lines = append(s.lines, s.prefix+fmt.Sprintf(format, args...))
}

func (s *surface) addPackage(pkg *types.Package) {
	s.pkg = pkg
	for _, name := range pkg.Scope().Names() {
		obj := pkg.Scope().Lookup(name)
		if !obj.Exported() {
			continue
		}
		switch obj := obj.(type) {
		case *types.Const:
			s.add("const %s %s = %s", name, s.short(obj.Type()), obj.Val())
		case *types.Var:
			s.add("var %s %s", name, s.short(obj.Type()))
		case *types.Func:
			s.add("func %s%s", name, s.signature(obj.Signature()))
		case *types.TypeName:
			s.addType(name, obj)
		}
	}
}

func (s *surface) addType(name string, obj *types.TypeName) {
	if obj.IsAlias() {
		s.add("type %s = %s", name, s.short(types.Unalias(obj.Type())))
		return
	}
	named := obj.Type().(*types.Named)
	name += s.typeParams(named.TypeParams())
	switch under := named.Underlying().(type) {
	case *types.Struct:
		s.add("type %s struct", name)
		for field := range under.Fields() {
			if field.Exported() {
				s.add("type %s struct, %s %s", name, field.Name(), s.short(field.Type()))
			}
		}
	case *types.Interface:
		var methods []string
		for method := range under.Methods() {
			methods = append(methods, method.Name()+s.signature(method.Signature()))
		}
		s.add("type %s interface { %s }", name, strings.Join(methods, "; "))
	default:
		s.add("type %s %s", name, s.short(under))
	}
	s.addMethods(named)
}

// addMethods adds the methods of a type, those promoted from embedded fields
// included, with the receiver they need.
func (s *surface) addMethods(named *types.Named) {
	if types.IsInterface(named) {
		return
	}
	ofValue := types.NewMethodSet(named)
	for sel := range types.NewMethodSet(types.NewPointer(named)).Methods() {
		method := sel.Obj().(*types.Func)
		if !method.Exported() {
			continue
		}
		receiver := s.short(named)
		if ofValue.Lookup(method.Pkg(), method.Name()) == nil {
			receiver = "*" + receiver
		}
		s.add("method (%s) %s%s", receiver, method.Name(), s.signature(sel.Type().(*types.Signature)))
	}
}

// signature returns the parameters and results of a function, without names.
func (s *surface) signature(sig *types.Signature) string {
	unnamed := types.NewSignatureType(nil, nil, nil, anonymous(sig.Params()), anonymous(sig.Results()), sig.Variadic())
	return s.typeParams(sig.TypeParams()) + strings.TrimPrefix(s.short(unnamed), "func")
}

func anonymous(vars *types.Tuple) *types.Tuple {
	var out []*types.Var
	for v := range vars.Variables() {
		out = append(out, types.NewParam(token.NoPos, nil, "", v.Type()))
	}
	return types.NewTuple(out...)
}

func (s *surface) typeParams(list *types.TypeParamList) string {
	if list.Len() == 0 {
		return ""
	}
	var out []string
	for p := range list.TypeParams() {
		out = append(out, p.Obj().Name()+" "+s.short(p.Constraint()))
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// short returns a type with the names of other packages instead of their paths.
func (s *surface) short(t types.Type) string {
	return types.TypeString(t, func(pkg *types.Package) string {
		if pkg == s.pkg {
			return ""
		}
		return pkg.Name()
	})
}
