package backstayhttp

import (
	"net/http"
	"strconv"
	"time"

	"github.com/backstay-go/backstay/retry"
)

// StatusError is the failure that the status of a response stands for. Gates are
// told of it, and it is in the error of a call whose response could not be
// returned.
type StatusError struct {
	// Code is the status code.
	Code int
	// After is how long the server asked to wait, by Retry-After. Zero is not at
	// all.
	After time.Duration
}

// Error says the status: `status 503 Service Unavailable, retry after 2s`.
func (e *StatusError) Error() string {
	text := "status " + strconv.Itoa(e.Code)
	if name := http.StatusText(e.Code); name != "" {
		text += " " + name
	}
	if e.After > 0 {
		text += ", retry after " + e.After.String()
	}
	return text
}

// RetryAfter returns After, and whether the server asked for it.
func (e *StatusError) RetryAfter() (time.Duration, bool) { return e.After, e.After > 0 }

// Is reports whether target is [retry.ErrPermanent] and the status is one that
// no retry can mend: 501 (Not Implemented) and 505 (HTTP Version Not Supported).
func (e *StatusError) Is(target error) bool {
	return target == retry.ErrPermanent && (e.Code == http.StatusNotImplemented || e.Code == http.StatusHTTPVersionNotSupported)
}

// CheckStatus returns a [*StatusError] if resp has a failing status: 5xx, where
// the server says that it failed, or 429 (Too Many Requests). A 429 counts
// because the call was not served and more of them would not be either: a
// breaker that opens, or a limit that shrinks, is what the server asks for. Other
// statuses from 400 are correct answers to wrong requests; they say nothing about
// the server.
func CheckStatus(resp *http.Response) error {
	if resp.StatusCode < 500 && resp.StatusCode != http.StatusTooManyRequests {
		return nil
	}
	after, _ := retryAfter(resp)
	return &StatusError{Code: resp.StatusCode, After: after}
}
