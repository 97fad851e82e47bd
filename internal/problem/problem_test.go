package problem_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/backstay-go/backstay/internal/problem"
)

func TestWrite(t *testing.T) {
	tests := []struct {
		method  string
		details problem.Details
		body    string
	}{
		{http.MethodGet, problem.Details{Status: 404, Detail: `no "route"`},
			`{"type":"about:blank","title":"Not Found","status":404,"detail":"no \"route\""}`},
		{http.MethodPost, problem.Details{Status: 503, Detail: "later", Policy: "breaker"},
			`{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"later","policy":"breaker"}`},
		{http.MethodHead, problem.Details{Status: 502}, ""},
	}
	for _, test := range tests {
		w := httptest.NewRecorder()
		for _, name := range []string{"Content-Length", "Cache-Control", "Etag", "Last-Modified", "Content-Type", "Vary"} {
			w.Header().Set(name, "of another answer")
		}
		test.details.Write(w, httptest.NewRequest(test.method, "/", nil))
		if w.Code != test.details.Status || w.Body.String() != test.body {
			t.Errorf("%s: got %d %s, want %d %s", test.method, w.Code, w.Body, test.details.Status, test.body)
		}
		h := w.Header()
		if h.Get("Content-Type") != "application/problem+json" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Vary") == "" || len(h) != 3 {
			t.Errorf("%s: headers %v, want those of a problem, and Vary as it was", test.method, h)
		}
	}
}
