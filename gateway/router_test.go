package gateway

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/backstay-go/backstay/gateway/config"
)

func TestRouter(t *testing.T) {
	match := func(name, host, path string, methods ...string) *route {
		return &route{name: name, match: config.Match{Host: host, Path: path, Methods: methods}}
	}
	router := newRouter([]*route{
		match("rest", "", "/*"),
		match("users", "", "/users/*"),
		match("posts", "", "/users/*", "POST"),
		match("me", "", "/users/me", "GET"),
		match("deep", "", "/users/a/b/*"),
		match("api", "API.example.com", "/users/*", "GET"),
		match("slash", "", "/exact/"),
	})
	tests := []struct{ method, host, path, want string }{
		{"GET", "x", "/", "rest"},
		{"GET", "x", "/usersx", "rest"},
		{"GET", "x", "/users", "users"},
		{"GET", "x", "/users/", "users"},
		{"GET", "x", "/users/1/2", "users"},
		{"POST", "x", "/users/1", "posts"},
		{"GET", "x", "/users/me", "me"},
		{"HEAD", "x", "/users/me", "me"},
		{"PUT", "x", "/users/me", "users"},
		{"POST", "x", "/users/me", "posts"},
		{"GET", "x", "/users/a/b", "deep"},
		{"GET", "x", "/users/a/b/c", "deep"},
		{"GET", "x", "/users/a/bc", "users"},
		{"GET", "api.example.com", "/users/me", "api"},
		{"GET", "api.EXAMPLE.com:8080", "/users/me", "api"},
		{"GET", "api.example.com.", "/users/me", "api"},
		{"GET", "api.example.com.:8080", "/users/me", "api"},
		{"PUT", "api.example.com", "/users/1", "users"},
		{"GET", "api.example.com", "/", "rest"},
		{"GET", "x", "/exact/", "slash"},
		{"GET", "x", "/exact", "rest"},
		{"GET", "x", "/other/../users/1", "users"},
		{"GET", "x", "//users//me", "me"},
		{"GET", "x", "/users/./me", "me"},
		{"GET", "x", "/users/..", "rest"},
		{"GET", "x", "/users/.well-known", "users"},
		{"OPTIONS", "x", "*", "rest"},
	}
	for _, test := range tests {
		req := httptest.NewRequest(test.method, "/", nil)
		req.Host, req.URL.Path = test.host, test.path
		if got := router.match(req); got == nil || got.name != test.want {
			t.Errorf("%s %s%s goes to %v, want %s", test.method, test.host, test.path, got, test.want)
		}
	}
}

func TestRouterWithoutMatch(t *testing.T) {
	router := newRouter([]*route{{match: config.Match{Path: "/a", Methods: []string{"GET"}}}})
	for _, req := range []*http.Request{httptest.NewRequest("GET", "/b", nil), httptest.NewRequest("POST", "/a", nil)} {
		if got := router.match(req); got != nil {
			t.Errorf("%s %s goes to %v, want none", req.Method, req.URL, got)
		}
	}
}

func TestRouterMethods(t *testing.T) {
	match := func(host, path string, methods ...string) *route {
		return &route{match: config.Match{Host: host, Path: path, Methods: methods}}
	}
	router := newRouter([]*route{
		match("", "/users/*", "GET", "POST"),
		match("", "/users/me", "PUT"),
		match("example.com", "/users/*", "PATCH"),
		match("", "/posts", "POST"),
	})
	tests := []struct{ host, path, want string }{
		{"x", "/users", "GET HEAD POST"},
		{"x", "/users/1", "GET HEAD POST"},
		{"x", "/users/me", "GET HEAD POST PUT"},
		{"example.com", "/users/me", "GET HEAD PATCH POST PUT"},
		{"x", "/posts", "POST"},
		{"x", "/posts/1", ""},
		{"x", "/", ""},
	}
	for _, test := range tests {
		req := httptest.NewRequest("DELETE", "/", nil)
		req.Host, req.URL.Path = test.host, test.path
		if got := strings.Join(router.methods(req), " "); got != test.want {
			t.Errorf("the routes for %s%s take %q, want %q", test.host, test.path, got, test.want)
		}
		if got := router.match(req); got != nil {
			t.Errorf("DELETE %s%s goes to %+v, want none", test.host, test.path, got.match)
		}
	}
}

func TestRouterAllocs(t *testing.T) {
	router := newRouter([]*route{{match: config.Match{Path: "/users/*", Host: "example.com"}}, {match: config.Match{Path: "/*"}}})
	req := httptest.NewRequest("GET", "http://example.com/users/1/2/3", nil)
	if got := testing.AllocsPerRun(100, func() { router.match(req) }); got > 1 {
		t.Errorf("match makes %v allocations, want at most 1", got)
	}
}

func FuzzCleanPath(f *testing.F) {
	for _, path := range []string{"/", "/a/../b", "//a", "/a/.", "", "*", "/a/./b/"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		clean := cleanPath(path)
		if clean == "" || clean[0] != '/' {
			t.Errorf("cleanPath(%q) = %q, want a path", path, clean)
		}
		if again := cleanPath(clean); again != clean {
			t.Errorf("cleanPath(%q) = %q, and of that %q", path, clean, again)
		}
	})
}
