package config

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// endpointMistake says what is wrong with the URL of an endpoint, or nothing.
func endpointMistake(raw string) string {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Opaque != "" || u.Scheme == "":
		return "is not a URL"
	case u.Scheme != "http" && u.Scheme != "https":
		return "has the scheme " + u.Scheme
	case u.Hostname() == "":
		return "has no host"
	case u.User != nil:
		return "has a user"
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "has more than a path behind its host"
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return "has no port from 1 to 65535"
		}
	}
	return ""
}

func (c *Config) checkRoutes(f *findings) {
	names := map[string]int{}
	taken := map[string]*methods{}
	for i, r := range c.Routes {
		path := fmt.Sprintf("routes[%d]", i)
		c.checkTargets(f, path, r)
		ok := r.Match.check(f, path+".match")
		if r.RateLimit != nil {
			r.RateLimit.check(f, path+".rate_limit")
		}
		if r.Fallback != nil {
			r.Fallback.check(f, path+".fallback")
		}
		if first, twice := names[r.Name]; twice && r.Name != "" {
			f.add(path+".name", "routes[%d] is named %q as well: write another name", first, r.Name)
		} else {
			names[r.Name] = i
		}
		if ok {
			checkReachable(f, path, i, r, taken)
		}
	}
}

// checkTargets checks the names that a route refers to.
func (c *Config) checkTargets(f *findings, path string, r Route) {
	if _, ok := c.Upstreams[r.Upstream]; r.Upstream == "" {
		f.miss(path+".upstream", "the route has no upstream: write the name of one%s", orName(sortedNames(c.Upstreams)))
	} else if !ok && len(c.Upstreams) > 0 {
		f.add(path+".upstream", "no upstream is named %q: %s", r.Upstream, suggest(r.Upstream, sortedNames(c.Upstreams)))
	}
	known := sortedNames(c.Complete().Policies)
	if r.Policy != "" && !slices.Contains(known, r.Policy) {
		f.add(path+".policy", "no policy is named %q: %s", r.Policy, suggest(r.Policy, known))
	}
}

func orName(known []string) string {
	if len(known) == 0 {
		return ""
	}
	return ", such as " + known[0]
}

// check reports whether m can match a request.
func (m Match) check(f *findings, path string) bool {
	before := len(*f)
	if m.Host != "" && (strings.ContainsAny(m.Host, "/:*@ ") || strings.HasSuffix(m.Host, ".")) {
		f.add(path+".host", "host is %q: write a name without scheme, port and wildcard, such as api.example.com", m.Host)
	}
	switch p := strings.TrimSuffix(m.Path, "/*"); {
	case m.Path == "":
	case !strings.HasPrefix(m.Path, "/"):
		f.add(path+".path", "path is %q: write one that begins with /, such as /users/*", m.Path)
	case strings.Contains(p, "*"):
		f.add(path+".path", "path is %q: write * at the end only, behind a slash, such as /users/*", m.Path)
	case strings.ContainsAny(p, "?#"):
		f.add(path+".path", "path is %q: write the path alone, without a query", m.Path)
	case strings.Contains(p, "//") || strings.Contains(p+"/", "/./") || strings.Contains(p+"/", "/../"):
		f.add(path+".path", "path is %q: write it without empty parts and dots, such as /users/*", m.Path)
	}
	for i, method := range m.Methods {
		if !isMethod(method) {
			f.add(fmt.Sprintf("%s.methods[%d]", path, i), "no method is named %q: write one in capitals, such as GET", method)
		}
	}
	return len(*f) == before
}

// isMethod reports whether method could be one. Any name can, but one in small
// letters is surely meant to be another.
func isMethod(method string) bool {
	for _, r := range method {
		if (r < 'A' || r > 'Z') && r != '-' {
			return false
		}
	}
	return method != ""
}

// methods are those that earlier routes for the same host and path take.
type methods struct {
	byName map[string]int // the route
	all    int            // the route that takes every method, or -1
}

// checkReachable notes a route whose every request goes to an earlier one.
func checkReachable(f *findings, path string, index int, r Route, taken map[string]*methods) {
	r.complete()
	pattern := strings.ToLower(r.Match.Host) + r.Match.Path
	seen := taken[pattern]
	if seen == nil {
		seen = &methods{byName: map[string]int{}, all: -1}
		taken[pattern] = seen
	}
	if len(r.Match.Methods) == 0 {
		if seen.all >= 0 {
			f.add(path, "no request reaches this route: routes[%d] takes all for %s; remove one, or match something else", seen.all, pattern)
			return
		}
		seen.all = index
		return
	}
	free := false
	earlier := -1
	for _, method := range withHead(r.Match.Methods) {
		if other, ok := seen.byName[method]; ok {
			earlier = max(earlier, other)
			continue
		}
		seen.byName[method] = index
		free = true
	}
	if !free {
		f.add(path, "no request reaches this route: routes[%d] takes all %s for %s; remove one, or match something else",
			earlier, strings.Join(r.Match.Methods, " and "), pattern)
	}
}

// withHead adds HEAD to methods with GET.
func withHead(names []string) []string {
	if slices.Contains(names, "GET") {
		return append([]string{"HEAD"}, names...)
	}
	return names
}
