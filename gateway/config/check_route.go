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
	full := c.Complete()
	policies := sortedNames(full.Policies)
	names := map[string]int{}
	taken := map[string]*methods{}
	for i, r := range c.Routes {
		path := fmt.Sprintf("routes[%d]", i)
		c.checkUpstream(f, path, r)
		if r.Policy != "" && !slices.Contains(policies, r.Policy) {
			f.add(path+".policy", "no policy is named %q: %s", r.Policy, suggest(r.Policy, policies))
		}
		if r.RateLimit != nil {
			r.RateLimit.check(f, path+".rate_limit")
		}
		if r.Fallback != nil {
			r.Fallback.check(f, path+".fallback")
		}
		reachable := r.Match.check(f, path+".match") && checkReachable(f, path, i, full.Routes[i], taken)
		name := full.Routes[i].Name
		if first, twice := names[name]; twice && reachable {
			f.add(path+".name", "routes[%d] is named %q as well: write another name", first, name)
		} else if !twice {
			names[name] = i
		}
	}
}

// checkUpstream checks the name of a route's upstream.
func (c *Config) checkUpstream(f *findings, path string, r Route) {
	known := sortedNames(c.Upstreams)
	switch {
	case r.Upstream == "":
		f.miss(path+".upstream", "the route has no upstream: write the name of one%s", orName(known))
	case len(known) > 0 && !slices.Contains(known, r.Upstream):
		f.add(path+".upstream", "no upstream is named %q: %s", r.Upstream, suggest(r.Upstream, known))
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

// checkReachable reports whether a complete route gets any request: those that an
// earlier route for the same host and path takes do not reach it.
func checkReachable(f *findings, path string, index int, r Route, taken map[string]*methods) bool {
	pattern := strings.ToLower(r.Match.Host) + r.Match.Path
	if taken[pattern] == nil {
		taken[pattern] = &methods{byName: map[string]int{}, all: -1}
	}
	earlier := taken[pattern].take(r.Match.Methods, index)
	if earlier < 0 {
		return true
	}
	all := "all"
	if len(r.Match.Methods) > 0 {
		all = "all " + strings.Join(r.Match.Methods, " and ")
	}
	f.add(path, "no request reaches this route: routes[%d] takes %s for %s; remove one, or match something else", earlier, all, pattern)
	return false
}

// take notes that the route index takes the methods names, or all if there are
// none. If nothing is left for it, take returns the route that is in its way, and
// otherwise -1.
func (m *methods) take(names []string, index int) int {
	if len(names) == 0 {
		if m.all >= 0 {
			return m.all
		}
		m.all = index
		return -1
	}
	earlier, free := -1, false
	for _, method := range withHead(names) {
		if other, ok := m.byName[method]; ok {
			earlier = max(earlier, other)
			continue
		}
		m.byName[method] = index
		free = true
	}
	if free {
		return -1
	}
	return earlier
}

// withHead adds HEAD to methods with GET.
func withHead(names []string) []string {
	if slices.Contains(names, "GET") {
		return append([]string{"HEAD"}, names...)
	}
	return names
}
