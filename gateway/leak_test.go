package gateway_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
)

// Whatever becomes of a request, its permits come back and nothing of it stays.
func TestNothingIsLeftOfRequests(t *testing.T) {
	url := backend(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/broken":
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "part")
		case "/aborted":
			panic(http.ErrAbortHandler)
		case "/hanging":
			_, _ = io.Copy(io.Discard, r.Body) // so that the end of the connection is noticed
			<-r.Context().Done()
		case "/refused":
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		case "/hints":
			w.WriteHeader(http.StatusEarlyHints)
			w.Header().Set("Trailer", "X-End")
			_, _ = io.WriteString(w, "hinted")
			w.Header().Set("X-End", "yes")
		default:
			_, _ = io.Copy(w, r.Body)
		}
	})
	g := newGateway(t, "upstream: "+url+"\npolicies: {default: {timeout: 50ms, attempt_timeout: 20ms, retry: {budget: off, backoff: {base: 1ms}}, bulkhead: {limit: 50}}}")
	server := httptest.NewServer(g.Handler())
	client := &http.Client{Transport: &http.Transport{}}
	request := func(i int) {
		paths := []string{"/", "/broken", "/aborted", "/hanging", "/refused", "/hints"}
		methods := []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		req, _ := http.NewRequestWithContext(ctx, methods[i%len(methods)], server.URL+paths[i%len(paths)], nil)
		if i%4 > 1 {
			req.Body = io.NopCloser(io.MultiReader(strings.NewReader("some"))) // of unknown length
		}
		if resp, err := client.Do(req); err == nil {
			if i%7 > 0 {
				_, _ = io.Copy(io.Discard, resp.Body)
			}
			resp.Body.Close()
		}
	}
	for i := range 60 { // what stays by design is there now
		request(i)
	}
	client.CloseIdleConnections()
	before := runtime.NumGoroutine()
	for i := range 300 {
		request(i)
	}
	client.CloseIdleConnections()
	eventually(t, "no more goroutines than before", func() bool { return runtime.NumGoroutine() <= before+10 })
	server.Close()
	eventually(t, "all permits are back", func() bool { return g.State().Routes[0].Bulkhead.InFlight == 0 })
}
