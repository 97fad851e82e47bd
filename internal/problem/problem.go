// Package problem answers HTTP requests with application/problem+json (RFC 9457).
// It is in one place so that the middleware and the gateway answer alike.
package problem

import (
	"encoding/json"
	"net/http"
)

// Details are the body of an answer.
type Details struct {
	Type   string `json:"type"`  // set by Write
	Title  string `json:"title"` // set by Write
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Policy string `json:"policy,omitempty"` // the kind of policy that refused
}

// Write answers r with p. Headers that were prepared for another answer are
// removed, except Content-Encoding: middleware that compresses on the fly has set
// it.
func (p Details) Write(w http.ResponseWriter, r *http.Request) {
	p.Type, p.Title = "about:blank", http.StatusText(p.Status)
	body, _ := json.Marshal(p) // strings and a number: it cannot fail
	h := w.Header()
	for _, name := range [...]string{"Content-Length", "Cache-Control", "Etag", "Last-Modified"} {
		delete(h, name)
	}
	h.Set("Content-Type", "application/problem+json")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(p.Status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}
