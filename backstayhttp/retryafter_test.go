package backstayhttp_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay-go/backstay"
	"github.com/backstay-go/backstay/backstayhttp"
	"github.com/backstay-go/backstay/retry"
)

func TestRetryAfter(t *testing.T) {
	// The clock of synctest begins here; the server's is an hour behind.
	date := time.Date(1999, 12, 31, 23, 0, 0, 0, time.UTC)
	format := func(t time.Time) string { return t.Format(http.TimeFormat) }
	tests := []struct {
		name     string
		value    string
		date     string
		timeout  time.Duration
		want     time.Duration // until the second attempt
		attempts int
	}{
		{name: "none", want: 10 * time.Second, attempts: 2},
		{name: "seconds", value: "20", want: 20 * time.Second, attempts: 2},
		{name: "fewer seconds than the back-off", value: "5", want: 10 * time.Second, attempts: 2},
		{name: "zero", value: "0", want: 10 * time.Second, attempts: 2},
		{name: "the most", value: "60", want: time.Minute, attempts: 2},
		{name: "more than the most", value: "61", attempts: 1},
		{name: "absurd", value: "99999999999", attempts: 1},
		{name: "more than a number holds", value: "99999999999999999999999", attempts: 1},
		{name: "negative", value: "-20", want: 10 * time.Second, attempts: 2},
		{name: "garbage", value: "soon", want: 10 * time.Second, attempts: 2},
		{name: "fraction", value: "20.5", want: 10 * time.Second, attempts: 2},
		{name: "date by the server's clock", value: format(date.Add(20 * time.Second)), date: format(date), want: 20 * time.Second, attempts: 2},
		{name: "date by our clock", value: format(date.Add(time.Hour + 20*time.Second)), want: 20 * time.Second, attempts: 2},
		{name: "date in the past", value: format(date.Add(-time.Hour)), date: format(date), want: 10 * time.Second, attempts: 2},
		{name: "date far away", value: format(date.AddDate(100, 0, 0)), date: format(date), attempts: 1},
		{name: "within the deadline", value: "20", timeout: 21 * time.Second, want: 20 * time.Second, attempts: 2},
		{name: "past the deadline", value: "20", timeout: 19 * time.Second, attempts: 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				policy := atOnce(2)
				policy.Backoff = retry.Constant{Wait: 10 * time.Second, Jitter: retry.NoJitter}
				begun, attempts := time.Now(), 0
				transport := &backstayhttp.Transport{
					Base: baseFunc(func(r *http.Request) (*http.Response, error) {
						attempts++
						return answer(r, 503, "later", "Retry-After", test.value, "Date", test.date), nil
					}),
					Pipeline: &backstay.Pipeline{Timeout: test.timeout, Retry: policy},
				}
				resp, err := transport.RoundTrip(newRequest(t, "GET", "http://users/", nil))
				if took := time.Since(begun); attempts != test.attempts || took != test.want {
					t.Errorf("%d attempts within %v, want %d within %v", attempts, took, test.attempts, test.want)
				}
				if err != nil || resp.StatusCode != 503 || readAll(t, resp) != "later" {
					t.Errorf("%v, want the last response, whole", err)
				}
			})
		})
	}
}

// Jitter spreads the back-off; what the server asked for stays the floor.
func TestJitterNeverLowersRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		policy := atOnce(100)
		policy.Backoff = retry.Exponential{Base: 10 * time.Second}
		var last time.Time
		shortest := time.Hour
		transport := &backstayhttp.Transport{
			Base: baseFunc(func(r *http.Request) (*http.Response, error) {
				if !last.IsZero() {
					shortest = min(shortest, time.Since(last))
				}
				last = time.Now()
				return answer(r, 429, "", "Retry-After", "3"), nil
			}),
			Pipeline: &backstay.Pipeline{Retry: policy},
		}
		resp, err := transport.RoundTrip(newRequest(t, "GET", "http://users/", nil))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if shortest != 3*time.Second {
			t.Errorf("the shortest of 99 waits was %v, want the 3 s of Retry-After", shortest)
		}
	})
}

func TestCheckStatus(t *testing.T) {
	tests := map[int]string{
		200: "", 304: "", 400: "", 408: "", 499: "",
		429: "status 429 Too Many Requests, retry after 7s",
		500: "status 500 Internal Server Error, retry after 7s",
		599: "status 599, retry after 7s",
	}
	for code, want := range tests {
		err := backstayhttp.CheckStatus(answer(nil, code, "", "Retry-After", "7"))
		if (err == nil) != (want == "") || err != nil && err.Error() != want {
			t.Errorf("status %d: %v, want %q", code, err, want)
		}
		var hint interface{ RetryAfter() (time.Duration, bool) }
		if err == nil {
			continue
		}
		if !errors.As(err, &hint) {
			t.Errorf("status %d: %T does not tell RetryAfter", code, err)
		} else if after, ok := hint.RetryAfter(); after != 7*time.Second || !ok {
			t.Errorf("status %d: RetryAfter = %v, %v; want 7s, true", code, after, ok)
		}
	}
	if err := backstayhttp.CheckStatus(answer(nil, 503, "")); err.Error() != "status 503 Service Unavailable" {
		t.Errorf("without a Retry-After: %v", err)
	}
}
