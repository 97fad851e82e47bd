package gateway_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// raw sends a text as it is to a server and returns the status of the answer.
func raw(t *testing.T, serverURL, request string) int {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(serverURL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

// What a client does wrong with its body says nothing about the upstream: a few
// of them must not close a route to all others.
func TestClientsThatSpoilTheirBodyAreNoFailures(t *testing.T) {
	url := backend(t, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	tests := map[string]struct {
		request string
		status  int
	}{
		"malformed":                    {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nnonsense\r\n", http.StatusBadRequest},
		"stalled":                      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhello", http.StatusRequestTimeout},
		"stalled before its beginning": {"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n", http.StatusRequestTimeout},
	}
	for name, test := range tests {
		for _, policy := range []string{"timeout: 100ms", "attempt_timeout: 100ms"} {
			t.Run(name+", "+policy, func(t *testing.T) {
				g, server := serve(t, "upstream: %s\npolicies: {default: {"+policy+", retry: {budget: off}, breaker: {consecutive: 1}}}", url)
				if got := raw(t, server.URL, test.request); got != test.status {
					t.Errorf("the client got %d, want %d", got, test.status)
				}
				eventually(t, "counted as canceled", func() bool { return g.State().Routes[0].Requests.Canceled == 1 })
				s := g.State()
				if state := fmt.Sprint(s.Routes[0].Breaker.State); state != "closed" || s.Upstreams[0].Endpoints[0].Failures != 0 {
					t.Errorf("the breaker is %s and the endpoint is %+v, want no failure", state, s.Upstreams[0].Endpoints[0])
				}
			})
		}
	}
}

// An endpoint with a base path gives nothing that is beside it.
func TestPathsThatClimbAreRefused(t *testing.T) {
	_, server := serve(t, "upstream: %s/base", backend(t, func(http.ResponseWriter, *http.Request) {}))
	for path, want := range map[string]int{
		"/../admin": http.StatusBadRequest, "/%2e%2e/admin": http.StatusBadRequest, "/a/../..": http.StatusBadRequest, "/a//../../../x": http.StatusBadRequest,
		"/a/../b": http.StatusOK, "/..a": http.StatusOK, "/a/..": http.StatusOK,
	} {
		if got := raw(t, server.URL, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n"); got != want {
			t.Errorf("%s got %d, want %d", path, got, want)
		}
	}
}
