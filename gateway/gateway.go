package gateway

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/backstay-go/backstay/event"
	"github.com/backstay-go/backstay/gateway/config"
)

// Gateway is a reverse proxy with the policies of one configuration. It is safe
// for concurrent use.
type Gateway struct {
	config    *config.Config
	begun     time.Time
	upstreams []*upstream
	routes    []*route // in the order of the configuration
	router    *router
	stopping  atomic.Bool
}

// New returns a gateway. It neither listens nor connects to anything. The
// observer is told what its policies do; nil is nobody. The error names every
// mistake in c.
func New(c *config.Config, observer event.Observer) (*Gateway, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.Complete()
	g := &Gateway{config: c, begun: time.Now()}
	byName := map[string]*upstream{}
	for name, u := range c.Upstreams {
		byName[name] = newUpstream(name, u)
	}
	for _, name := range sortedKeys(byName) {
		g.upstreams = append(g.upstreams, byName[name])
	}
	for _, r := range c.Routes {
		g.routes = append(g.routes, newRoute(r, c.Policies[r.Policy], byName[r.Upstream], observer))
	}
	g.router = newRouter(g.routes)
	return g, nil
}

// Handler returns the handler of the gateway's own port.
func (g *Gateway) Handler() http.Handler { return http.HandlerFunc(g.serveHTTP) }

func (g *Gateway) serveHTTP(w http.ResponseWriter, r *http.Request) {
	if climbs(r.URL.Path) {
		writeProblem(w, r, http.StatusBadRequest, "the path leads above the root")
		return
	}
	if route := g.router.match(r); route != nil {
		route.ServeHTTP(w, r)
		return
	}
	g.router.refuse(w, r)
}
