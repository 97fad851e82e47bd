package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/backstay-go/backstay/gateway"
)

// start serves a gateway on its own listeners, and returns their URLs, a
// function that stops it, and what Serve returns.
func start(t *testing.T, g *gateway.Gateway) (front, admin string, stop func(), result <-chan error) {
	t.Helper()
	l, a, err := g.Listen()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	done := make(chan error, 1)
	go func() { done <- g.Serve(ctx, l, a) }()
	return "http://" + l.Addr().String(), "http://" + a.Addr().String(), cancel, done
}

const anyPorts = "listen: 127.0.0.1:0\nadmin: 127.0.0.1:0\n"

func TestStopLetsRequestsEnd(t *testing.T) {
	arrived, finish := make(chan bool), make(chan bool)
	url := backend(t, func(http.ResponseWriter, *http.Request) { arrived <- true; <-finish })
	g := newGateway(t, anyPorts+"shutdown: {drain_delay: 0s, grace: 10m}\nupstream: "+url)
	front, admin, stop, result := start(t, g)

	status := make(chan int)
	go func() {
		resp, err := http.Get(front)
		if err != nil {
			t.Error(err)
			status <- 0
			return
		}
		resp.Body.Close()
		status <- resp.StatusCode
	}()
	<-arrived
	if got := get(t, admin+"/readyz").StatusCode; got != http.StatusOK {
		t.Errorf("ready before the stop: %d, want 200", got)
	}
	stop()
	eventually(t, "not ready", func() bool { return get(t, admin+"/readyz").StatusCode == http.StatusServiceUnavailable })
	if got := get(t, admin+"/livez").StatusCode; got != http.StatusOK {
		t.Errorf("alive while stopping: %d, want 200", got)
	}
	eventually(t, "no new connections", func() bool {
		conn, err := net.Dial("tcp", strings.TrimPrefix(front, "http://"))
		if err == nil {
			conn.Close()
		}
		return err != nil
	})
	close(finish)
	if got := <-status; got != http.StatusOK {
		t.Errorf("the request under way got %d, want 200", got)
	}
	if err := <-result; err != nil {
		t.Errorf("Serve = %v, want nil", err)
	}
}

func TestDrainDelayAcceptsRequests(t *testing.T) {
	url := backend(t, func(http.ResponseWriter, *http.Request) {})
	g := newGateway(t, anyPorts+"shutdown: {drain_delay: 1h}\nupstream: "+url)
	front, admin, stop, _ := start(t, g)
	stop()
	eventually(t, "not ready", func() bool { return get(t, admin+"/readyz").StatusCode == http.StatusServiceUnavailable })
	for range 10 {
		if got := get(t, front).StatusCode; got != http.StatusOK {
			t.Errorf("a request while draining got %d, want 200", got)
		}
	}
}

func TestGraceIsBounded(t *testing.T) {
	arrived := make(chan bool)
	url := backend(t, func(_ http.ResponseWriter, r *http.Request) { arrived <- true; <-r.Context().Done() })
	g := newGateway(t, anyPorts+"shutdown: {drain_delay: 0s, grace: 1ms}\nupstream: "+url)
	front, _, stop, result := start(t, g)
	go func() {
		if resp, err := http.Get(front); err == nil {
			resp.Body.Close()
		}
	}()
	<-arrived
	stop()
	if err := <-result; !errors.Is(err, gateway.ErrGraceExceeded) {
		t.Errorf("Serve = %v, want %v", err, gateway.ErrGraceExceeded)
	}
}

func TestListenOpensAllPortsOrNone(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	g := newGateway(t, "listen: 127.0.0.1:0\nupstream: http://127.0.0.1:1\nadmin: "+taken.Addr().String())
	front, admin, err := g.Listen()
	if front != nil || admin != nil || !errors.Is(err, syscall.EADDRINUSE) {
		t.Fatalf("Listen = %v, %v, %v; want the address in use", front, admin, err)
	}
	if !strings.Contains(err.Error(), "admin: "+taken.Addr().String()+" is in use: stop what listens there") {
		t.Errorf("the error is %q, want what is wrong, where, and what to do", err)
	}
}

// The index names every path, so that people need not know them.
func TestAdminIndex(t *testing.T) {
	g := newGateway(t, "upstream: http://127.0.0.1:1")
	admin := httptest.NewServer(g.AdminHandler())
	defer admin.Close()
	got := get(t, admin.URL)
	if got.StatusCode != http.StatusOK || !strings.HasPrefix(got.Header.Get("Content-Type"), "text/plain") {
		t.Errorf("got %d %v, want a text", got.StatusCode, got.Header)
	}
	paths := regexp.MustCompile(`(?m)^/\S+`).FindAllString(got.text, -1)
	if len(paths) != 3 {
		t.Errorf("the index has the paths %q, want 3", paths)
	}
	for _, path := range paths {
		if got := get(t, admin.URL+path); got.StatusCode != http.StatusOK {
			t.Errorf("%s is in the index and gives %d", path, got.StatusCode)
		}
	}
	if got := get(t, admin.URL+"/nothing"); got.StatusCode != http.StatusNotFound {
		t.Errorf("a path that is not in the index gives %d, want 404", got.StatusCode)
	}
}

func TestState(t *testing.T) {
	url := backend(t, func(http.ResponseWriter, *http.Request) {})
	g := newGateway(t, anyPorts+`
upstreams: {a: {endpoints: "`+url+`"}}
policies: {full: {retry: {}, breaker: {}, bulkhead: {limit: 7}}}
routes: [{name: one, upstream: a, policy: full, match: {path: /one}}, {name: two, upstream: a}]
`)
	front, admin, _, _ := start(t, g)
	for range 3 {
		get(t, front+"/one")
	}
	var s gateway.State
	eventually(t, "three requests counted", func() bool {
		s = g.State()
		return s.Routes[0].Requests.Succeeded == 3
	})
	one := s.Routes[0]
	if one.Name != "one" || one.Upstream != "a" || one.Policy != "full" || one.Attempts != 3 || one.Latency.P50 <= 0 {
		t.Errorf("the first route is %+v", one)
	}
	if one.Breaker == nil || one.Bulkhead == nil || one.RetryBudget == nil || one.Bulkhead.Limit != 7 {
		t.Errorf("the first route's policies are %+v", one)
	}
	if two := s.Routes[1]; two.Name != "two" || two.Policy != "default" || two.Bulkhead != nil || two.Attempts != 0 {
		t.Errorf("the second route is %+v", two)
	}
	var served struct {
		Routes []struct {
			Name     string
			Requests struct{ Succeeded int }
			Breaker  struct{ State string }
		}
	}
	if err := json.Unmarshal([]byte(get(t, admin+"/api/v1/state").text), &served); err != nil {
		t.Fatal(err)
	}
	if one := served.Routes[0]; one.Name != "one" || one.Requests.Succeeded != 3 || one.Breaker.State != "closed" {
		t.Errorf("the admin listener serves %+v", served)
	}
	if e := s.Upstreams[0].Endpoints[0]; e.URL != url || e.Attempts != 3 || e.Failures != 0 {
		t.Errorf("the endpoint is %+v", e)
	}
}
