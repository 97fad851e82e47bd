package gateway

import (
	"net"
	"net/http"
	"path"
	"slices"
	"strings"
)

// router finds the most specific route for a request: one for its host before
// one for any host, then an exact path before a prefix and a longer prefix
// before a shorter, then one for its method before one for any.
type router struct {
	hosts map[string]*paths
	any   *paths
}

// paths are the routes of one host. The lists hold routes for certain methods
// before routes for all.
type paths struct {
	exact  map[string][]*route
	prefix map[string][]*route // by the pattern without its *, which ends in /
}

func newRouter(routes []*route) *router {
	r := &router{hosts: map[string]*paths{}, any: newPaths()}
	for _, route := range routes {
		host := strings.ToLower(route.match.Host)
		table := r.any
		if host != "" {
			if r.hosts[host] == nil {
				r.hosts[host] = newPaths()
			}
			table = r.hosts[host]
		}
		table.add(route)
	}
	return r
}

func newPaths() *paths {
	return &paths{exact: map[string][]*route{}, prefix: map[string][]*route{}}
}

func (p *paths) add(r *route) {
	pattern := r.match.Path
	if pattern == "" {
		pattern = "/*"
	}
	table := p.exact
	if below, ok := strings.CutSuffix(pattern, "*"); ok {
		table, pattern = p.prefix, below
	}
	list := append(table[pattern], r)
	slices.SortStableFunc(list, func(a, b *route) int { return order(len(b.match.Methods), len(a.match.Methods)) })
	table[pattern] = list
}

// order sorts routes with methods before those without.
func order(a, b int) int { return min(a, 1) - min(b, 1) }

// match returns the route for req, or nil.
func (r *router) match(req *http.Request) (found *route) {
	r.walk(req, func(routes []*route) bool {
		found = first(routes, req.Method)
		return found == nil
	})
	return found
}

// methods returns the methods that the routes for the host and path of req take,
// sorted, if each of them takes only some.
func (r *router) methods(req *http.Request) []string {
	taken := map[string]bool{}
	r.walk(req, func(routes []*route) bool {
		for _, route := range routes {
			for _, method := range route.match.Methods {
				taken[method] = true
				if method == http.MethodGet {
					taken[http.MethodHead] = true
				}
			}
		}
		return true
	})
	return sortedKeys(taken)
}

// walk visits the routes for the host and path of req, the most specific first,
// until visit returns false. Each list has the same host and path.
func (r *router) walk(req *http.Request, visit func([]*route) bool) {
	clean := cleanPath(req.URL.Path)
	if len(r.hosts) > 0 {
		if table := r.hosts[hostOf(req.Host)]; table != nil && !table.walk(clean, visit) {
			return
		}
	}
	r.any.walk(clean, visit)
}

// walk reports whether visit always returned true.
func (p *paths) walk(clean string, visit func([]*route) bool) bool {
	if !visit(p.exact[clean]) || !visit(p.prefix[clean+"/"]) { // /users/* takes /users as well
		return false
	}
	for end := strings.LastIndexByte(clean, '/'); end >= 0; end = strings.LastIndexByte(clean[:end], '/') {
		if !visit(p.prefix[clean[:end+1]]) {
			return false
		}
	}
	return true
}

// first returns the first of routes that takes the method.
func first(routes []*route, method string) *route {
	for _, r := range routes {
		if len(r.match.Methods) == 0 || slices.Contains(r.match.Methods, method) ||
			method == http.MethodHead && slices.Contains(r.match.Methods, http.MethodGet) {
			return r
		}
	}
	return nil
}

// cleanPath resolves dots and repeated slashes, so that a path which the
// upstream would read as another cannot choose its route and that route's
// policies.
func cleanPath(p string) string {
	if p == "" || p[0] != '/' {
		return "/" // the * of OPTIONS
	}
	if !strings.Contains(p, "/.") && !strings.Contains(p, "//") {
		return p
	}
	clean := path.Clean(p)
	if strings.HasSuffix(p, "/") && clean != "/" {
		clean += "/"
	}
	return clean
}

// climbs reports whether the dots in p lead above the root. Behind the base path
// of an endpoint, such a path would reach what is beside it.
func climbs(p string) bool {
	return strings.Contains(p, "/..") && strings.HasPrefix(path.Clean("."+p)+"/", "../")
}

// hostOf returns the host in lower case, without a port and without the dot that
// may end a full name.
func hostOf(host string) string {
	if strings.IndexByte(host, ':') >= 0 {
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}
