package scenario

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/backstay-go/backstay/traps/driver"
)

var middlewareTraps = []Trap{
	{ID: "18", Text: "handlers that answer 500 are seen as failures", Run: handlersAnswer500},
	{ID: "54b", Text: "a client that went away is no failure of the handler", Run: clientGone},
	{ID: "55", Text: "Flush, Hijack and ResponseController work through all middleware; SSE outlives timeouts", Run: streams},
	{ID: "56", Text: "refusals are 429 or 503, with Retry-After and application/problem+json", Run: refusals},
}

func handlersAnswer500(s *Scene) {
	c := trips(1)
	ran := 0
	h := s.middleware(driver.MiddlewareConfig{Breaker: &c}, func(w http.ResponseWriter, _ *http.Request) {
		ran++
		w.WriteHeader(500)
	})
	for range 20 {
		serve(h, s.request(s.Ctx, "GET", "", nil))
	}
	s.Check(ran == 10, "20 requests, all answered 500: the handler ran %d times, a breaker should have stopped it at 10", ran)
}

func clientGone(s *Scene) {
	c := trips(1)
	h := s.middleware(driver.MiddlewareConfig{Breaker: &c}, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			<-r.Context().Done()
			w.WriteHeader(502)
		}
	})
	for range 20 {
		ctx, cancel := context.WithCancel(s.Ctx)
		time.AfterFunc(time.Second, cancel)
		serve(h, s.request(ctx, "GET", "http://upstream.test/slow", nil))
	}
	w := serve(h, s.request(s.Ctx, "GET", "", nil))
	s.Check(w.Code == 200, "after 20 clients that went away, a request is answered %d", w.Code)
}

func refusals(s *Scene) {
	rate := driver.LimiterConfig{Count: 2, Period: 10 * time.Second, Burst: 2}
	c := trips(1)
	ok := func(w http.ResponseWriter, _ *http.Request) {}
	fails := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }
	cases := []struct {
		what    string
		handler http.Handler
		status  int
		most    time.Duration // that a caller may be told to wait
	}{
		{"a rate limit", s.middleware(driver.MiddlewareConfig{Rate: &rate}, ok), 429, rate.Period},
		{"an open breaker", s.middleware(driver.MiddlewareConfig{Breaker: &c}, fails), 503, 2 * c.Cooldown},
	}
	for _, test := range cases {
		w := serve(test.handler, s.request(s.Ctx, "GET", "", nil))
		for range 20 {
			w = serve(test.handler, s.request(s.Ctx, "GET", "", nil))
		}
		s.Check(w.Code == test.status, "%s refuses with %d, want %d", test.what, w.Code, test.status)
		after, err := strconv.Atoi(w.Header().Get("Retry-After"))
		s.Check(err == nil && after >= 1 && time.Duration(after)*time.Second <= test.most,
			"%s refuses with Retry-After %q", test.what, w.Header().Get("Retry-After"))
		kind := w.Header().Get("Content-Type")
		s.Check(strings.HasPrefix(kind, "application/problem+json"), "%s refuses with Content-Type %q", test.what, kind)
		var problem struct{ Status int }
		err = json.Unmarshal(w.Body.Bytes(), &problem)
		s.Check(err == nil && problem.Status == test.status, "%s refuses with the problem %s", test.what, w.Body)
	}
}

// streams runs a server and its clients over pipes, under virtual time.
func streams(s *Scene) {
	const limit, events = time.Second, 10
	rate, c := perSecond(1000), trips(1)
	all := driver.MiddlewareConfig{Rate: &rate, Limit: 100, Breaker: &c, Timeout: limit}
	problem := make(chan string, 2) // what a handler misses, "" if nothing
	h := s.middleware(all, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hijack" {
			problem <- hijack(w)
			return
		}
		problem <- sse(w, events, limit/2)
	})
	network := newPipeListener()
	server := &http.Server{Handler: h, WriteTimeout: 2 * limit}
	go func() { _ = server.Serve(network) }()
	s.Cleanup(func() { server.Close() })

	resp := s.raw(network, "/sse")
	body, err := io.ReadAll(resp.Body)
	got := strings.Count(string(body), "data:")
	s.Check(err == nil && got == events, "%d of %d events arrive in a stream that lasts longer than the timeout (%v)", got, events, err)
	lost := <-problem
	s.Check(lost == "", "%s", lost)

	s.raw(network, "/hijack")
	lost = <-problem
	s.Check(lost == "", "%s", lost)
}

// raw sends a request over a connection of its own.
func (s *Scene) raw(network *pipeListener, path string) *http.Response {
	conn, err := network.dial(s.Ctx, "", "")
	if err != nil {
		panic(err)
	}
	s.Cleanup(func() { conn.Close() })
	r := s.request(s.Ctx, "GET", "http://upstream.test"+path, nil)
	r.Close = true
	if err := r.Write(conn); err != nil {
		panic(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), r)
	s.Check(err == nil, "no answer to %s: %v", path, err)
	return resp
}

// sse streams events as a handler does that is to outlive the write timeout.
func sse(w http.ResponseWriter, events int, every time.Duration) (lost string) {
	control := http.NewResponseController(w)
	if err := control.SetWriteDeadline(time.Time{}); err != nil {
		lost = fmt.Sprintf("SetWriteDeadline: %v", err)
	}
	if _, ok := w.(http.Flusher); !ok {
		lost = "the ResponseWriter is no http.Flusher"
	}
	w.Header().Set("Content-Type", "text/event-stream")
	for i := range events {
		fmt.Fprintf(w, "data: %d\n\n", i)
		if err := control.Flush(); err != nil {
			return fmt.Sprintf("Flush: %v", err)
		}
		<-time.After(every)
	}
	return lost
}

// hijack takes over the connection and answers by hand.
func hijack(w http.ResponseWriter) (lost string) {
	var conn net.Conn
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		w.WriteHeader(500)
		return fmt.Sprintf("Hijack: %v", err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	return ""
}
