package gateway

import (
	"encoding/json"
	"io"
	"net/http"
)

// AdminHandler returns the handler of the admin port:
//
//	GET /               a list of what follows, as text
//	GET /api/v1/state   the [State] as JSON
//	GET /livez          200 while the process runs
//	GET /readyz         200 while it accepts requests, 503 once it is stopping
func (g *Gateway) AdminHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", serveIndex)
	mux.HandleFunc("GET /api/v1/state", g.serveState)
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { writeProbe(w, true) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { writeProbe(w, !g.stopping.Load()) })
	return mux
}

// index is what people find who open the admin listener in a browser.
const index = `The admin listener of a Backstay gateway

/api/v1/state   every route, upstream and policy, as JSON; durations are in nanoseconds
/livez          200 while the process runs
/readyz         200 while it accepts requests, 503 once it is stopping
`

func serveIndex(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, index)
}

func (g *Gateway) serveState(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(g.State())
}

func writeProbe(w http.ResponseWriter, ok bool) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if !ok {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, "stopping\n")
		return
	}
	_, _ = io.WriteString(w, "ok\n")
}
