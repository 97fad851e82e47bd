package gateway

import (
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/backstay-go/backstay/internal/problem"
)

// FallbackHeader is in responses that are a route's fallback, with the name of
// the route: clients and their logs can tell them from those of the upstream.
const FallbackHeader = "Backstay-Fallback"

// writeProblem answers r with an application/problem+json body.
func writeProblem(w http.ResponseWriter, r *http.Request, status int, detail string) {
	problem.Details{Status: status, Detail: detail}.Write(w, r)
}

// refuse answers a request that no route takes: 405 if a route for its host and
// path takes other methods, and otherwise 404.
func (r *router) refuse(w http.ResponseWriter, req *http.Request) {
	methods := r.methods(req)
	if len(methods) == 0 {
		writeProblem(w, req, http.StatusNotFound, "no route takes "+req.URL.Path)
		return
	}
	allowed := strings.Join(methods, ", ")
	w.Header().Set("Allow", allowed)
	writeProblem(w, req, http.StatusMethodNotAllowed, "no route takes "+req.Method+" "+req.URL.Path+": use "+allowed)
}

// writeFallback answers with the route's fallback.
func (r *route) writeFallback(w http.ResponseWriter) {
	f := r.fallback
	w.Header().Set(FallbackHeader, r.name)
	if f.ContentType != "" {
		w.Header().Set("Content-Type", f.ContentType)
	}
	if f.Body != "" {
		w.Header().Set("Content-Length", strconv.Itoa(len(f.Body)))
	}
	w.WriteHeader(max(f.Status, http.StatusOK))
	_, _ = io.WriteString(w, f.Body)
}
