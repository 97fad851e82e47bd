package gateway

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"

	"github.com/backstay-go/backstay/gateway/config"
)

// writeProblem answers with an application/problem+json body (RFC 9457).
func writeProblem(w http.ResponseWriter, status int, detail string) {
	body, _ := json.Marshal(map[string]any{"title": http.StatusText(status), "status": status, "detail": detail})
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// writeFallback answers with a route's fallback.
func writeFallback(w http.ResponseWriter, f *config.Fallback) {
	if f.ContentType != "" {
		w.Header().Set("Content-Type", f.ContentType)
	}
	if f.Body != "" {
		w.Header().Set("Content-Length", strconv.Itoa(len(f.Body)))
	}
	w.WriteHeader(max(f.Status, http.StatusOK))
	_, _ = io.WriteString(w, f.Body)
}
