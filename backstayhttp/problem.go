package backstayhttp

import (
	"encoding/json"
	"net/http"
)

// problem is an answer of the form application/problem+json (RFC 9457).
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Policy string `json:"policy,omitempty"` // the kind of policy that refused
}

// write answers r with p.
func (p problem) write(w http.ResponseWriter, r *http.Request) {
	p.Type, p.Title = "about:blank", http.StatusText(p.Status)
	body, _ := json.Marshal(p) // strings and a number: it cannot fail
	h := w.Header()
	// What was prepared for another answer. Content-Encoding stays: middleware that
	// compresses on the fly has set it.
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
