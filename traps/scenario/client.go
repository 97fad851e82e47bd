package scenario

import (
	"context"
	"errors"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"time"

	"github.com/backstay-go/backstay/traps/driver"
)

var clientTraps = []Trap{
	{ID: "25b", Text: "each attempt says which one it is, so that the next layer knows", Run: attemptHeader},
	{ID: "46", Text: "a bulkhead around HTTP holds until the body is closed, not the headers read", Run: heldUntilClosed},
	{ID: "47", Text: "POST is not retried unless it has an Idempotency-Key or was never sent", Run: postNotRetried},
	{ID: "48", Text: "10 calls with 2 failures each: 1 connection, all bodies closed, no goroutine left", RealTime: true, Run: connectionReused},
	{ID: "49", Text: "bodies are replayed byte for byte by GetBody; without it they are sent once", RealTime: true, Run: bodyReplayed},
	{ID: "50", Text: "a 64 MiB upload is not buffered", RealTime: true, Run: uploadStreams},
	{ID: "51", Text: "Retry-After: seconds, a date, negative, garbage, 99999999999", Run: retryAfterHeader},
	{ID: "52", Text: "a 10 MB body is readable after RoundTrip, with timeouts and retry, on HTTP/1 and 2", RealTime: true, Run: bodyReadable},
	{ID: "53", Text: "no goroutine for each request under a context that lives long", Run: noGoroutines},
	{ID: "54a", Text: "a caller that went away is not retried", Run: callerGone},
}

func attemptHeader(s *Scene) {
	var seen []string
	client := s.client(upstream(func(r *http.Request) (*http.Response, error) {
		seen = append(seen, r.Header.Get(s.impl.AttemptHeader))
		return answer(r, 503), nil
	}), driver.ClientConfig{NoBudget: true})
	driver.Need(s.impl.AttemptHeader == "", "attempt header")
	drop(client.Do(s.request(s.Ctx, "GET", "", nil)))
	s.Check(len(seen) == 3, "%d attempts, want 3", len(seen))
	for i, got := range seen[1:] {
		s.Check(got == strconv.Itoa(i+2), "attempt %d calls itself %q", i+2, got)
	}
}

func heldUntilClosed(s *Scene) {
	sent := 0
	client := s.client(upstream(func(r *http.Request) (*http.Response, error) {
		sent++
		return answer(r, 200), nil
	}), driver.ClientConfig{Attempts: 1, Limit: 1})
	first, err := client.Do(s.request(s.Ctx, "GET", "", nil))
	s.Check(err == nil, "the first request fails: %v", err)
	ctx, cancel := context.WithTimeout(s.Ctx, time.Second)
	drop(client.Do(s.request(ctx, "GET", "", nil)))
	cancel()
	s.Check(sent == 1, "a second request was sent while the body of the first is open")
	first.Body.Close()
	second, err := client.Do(s.request(s.Ctx, "GET", "", nil))
	s.Check(err == nil, "the permit is lost though the body is closed: %v", err)
	second.Body.Close()
}

func postNotRetried(s *Scene) {
	sent := 0
	var fate error
	client := s.client(upstream(func(r *http.Request) (*http.Response, error) {
		sent++
		if fate != nil {
			return nil, fate
		}
		return answer(r, 503), nil
	}), driver.ClientConfig{NoBudget: true})
	post := func(headers ...string) int {
		sent = 0
		r := s.request(s.Ctx, "POST", "", nil)
		for i := 0; i+1 < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		drop(client.Do(r))
		return sent
	}
	n := post()
	s.Check(n == 1, "a POST that was answered 503 was sent %d times", n)
	fate = &net.OpError{Op: "read", Net: "tcp", Err: errors.New("connection reset by peer")}
	n = post()
	s.Check(n == 1, "a POST whose connection broke was sent %d times", n)
	fate = &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	n = post()
	s.Check(n == 3, "a POST that could not connect was tried %d times, want 3", n)
	fate = nil
	n = post("Idempotency-Key", "42")
	s.Check(n == 3, "a POST with an Idempotency-Key was sent %d times, want 3", n)
}

// retryAfterHeader looks at when the second attempt comes.
func retryAfterHeader(s *Scene) {
	const limit = 10 * time.Second
	after := func(header string, deadline time.Duration) (attempts []time.Time, took time.Duration) {
		client := s.client(upstream(func(r *http.Request) (*http.Response, error) {
			attempts = append(attempts, time.Now())
			return answer(r, 503, "Retry-After", header), nil
		}), driver.ClientConfig{Attempts: 2, BaseDelay: time.Second, MaxDelay: limit, NoBudget: true})
		ctx, cancel := context.WithTimeout(s.Ctx, deadline)
		defer cancel()
		begun := time.Now()
		drop(client.Do(s.request(ctx, "GET", "", nil)))
		return attempts, time.Since(begun)
	}
	times, _ := after("2", time.Hour)
	s.Check(len(times) == 2, "Retry-After: 2 ends the call after %d attempts", len(times))
	gap := times[1].Sub(times[0])
	s.Check(gap >= 2*time.Second && gap <= 4*time.Second, "Retry-After: 2 makes it wait %v", gap)

	date := time.Now().Add(30 * time.Second).UTC().Truncate(time.Second)
	times, _ = after(date.Format(http.TimeFormat), time.Hour)
	s.Check(len(times) == 2, "Retry-After with a date ends the call after %d attempts", len(times))
	s.Check(!times[1].Before(date), "it came back %v before the date in Retry-After", date.Sub(times[1]).Round(time.Second))

	for _, header := range []string{"-5", "soon"} {
		times, _ = after(header, time.Hour)
		s.Check(len(times) == 2, "Retry-After: %s ends the call after %d attempts", header, len(times))
		gap = times[1].Sub(times[0])
		s.Check(gap <= limit, "Retry-After: %s makes it wait %v", header, gap)
	}
	times, took := after("99999999999", limit)
	s.Check(len(times) == 1, "Retry-After: 99999999999 makes it come back in %v", took)
	s.Check(took == 0, "Retry-After: 99999999999 makes it sleep %v towards a deadline that it cannot meet", took)
}

// noGoroutines compares with what the transport itself needs for as many
// responses that are being read.
func noGoroutines(s *Scene) {
	const requests = 100
	network := newPipeListener()
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(make([]byte, 1<<20)) // more than fits on the way
	})}
	go func() { _ = server.Serve(network) }()
	s.Cleanup(func() { server.Close() })
	base := &http.Transport{DialContext: network.dial}
	ctx, cancel := context.WithCancel(s.Ctx) // lives on when the requests have ended
	defer cancel()

	read := func(client *http.Client) (during, after int) {
		before := runtime.NumGoroutine()
		var open []*http.Response
		for range requests {
			resp, err := client.Do(s.request(ctx, "GET", "", nil))
			s.Check(err == nil, "a request fails: %v", err)
			open = append(open, resp)
		}
		s.Advance(time.Millisecond)
		during = runtime.NumGoroutine() - before
		for _, resp := range open {
			resp.Body.Close()
		}
		s.Advance(time.Millisecond)
		return during, runtime.NumGoroutine() - before
	}
	bare, _ := read(&http.Client{Transport: base})
	during, after := read(s.client(base, driver.ClientConfig{Timeout: time.Hour, AttemptTimeout: time.Minute}))
	s.Check(during < bare+requests/2, "responses that are being read keep %d goroutines each", (during-bare+requests/2)/requests)
	s.Check(after < requests/2, "%d requests leave %d goroutines behind", requests, after)
}

func callerGone(s *Scene) {
	sent := 0
	client := s.client(upstream(func(r *http.Request) (*http.Response, error) {
		sent++
		<-r.Context().Done()
		return nil, r.Context().Err()
	}), driver.ClientConfig{BaseDelay: time.Second, MaxDelay: time.Second, NoBudget: true})
	ctx, cancel := context.WithCancel(s.Ctx)
	time.AfterFunc(time.Second, cancel)
	begun := time.Now()
	resp, err := client.Do(s.request(ctx, "GET", "", nil))
	drop(resp, err)
	s.Check(sent == 1, "the request of a caller that went away was sent %d times", sent)
	s.Check(time.Since(begun) == time.Second, "the caller went away after 1s, the call took %v", time.Since(begun))
	s.Check(errors.Is(err, context.Canceled), "the error does not say that the caller went away: %v", err)
}
