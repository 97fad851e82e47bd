package backstayhttp

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/backstay-go/backstay/internal/hint"
	"github.com/backstay-go/backstay/retry"
)

// MaxRetryAfter is the longest Retry-After that a [Transport] waits for. When a
// server asks for more, there is no other attempt: the caller gets the response
// at once, and can decide.
const MaxRetryAfter time.Duration = time.Minute

// asksTooLong reports whether resp asks for a wait that no caller expects inside
// a request.
func asksTooLong(resp *http.Response) bool {
	after, ok := retryAfter(resp)
	return ok && after > MaxRetryAfter
}

// retryAfter returns how long resp asks to wait.
func retryAfter(resp *http.Response) (time.Duration, bool) {
	value := resp.Header.Get("Retry-After")
	if value == "" {
		return 0, false
	}
	// A date is meant by the server's clock, which need not agree with ours.
	now, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return parseRetryAfter(value, now)
}

// parseRetryAfter reads a value of Retry-After (RFC 9110, section 10.2.3):
// seconds or a date. A date in the past is no wait; numbers too large for a
// Duration are the longest.
func parseRetryAfter(value string, now time.Time) (time.Duration, bool) {
	value = strings.TrimSpace(value)
	seconds, err := strconv.ParseUint(value, 10, 64)
	if err == nil || errors.Is(err, strconv.ErrRange) {
		const most = uint64(math.MaxInt64 / time.Second)
		return time.Duration(min(seconds, most)) * time.Second, true
	}
	date, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	return max(0, date.Sub(now)), true
}

// withRetryAfter adds what resp asks for to a failure that does not say it.
func withRetryAfter(failure error, resp *http.Response) error {
	if failure == nil {
		return nil
	}
	if _, told := hint.RetryAfter(failure); told {
		return failure
	}
	if after, ok := retryAfter(resp); ok {
		return retry.After(failure, after)
	}
	return failure
}
