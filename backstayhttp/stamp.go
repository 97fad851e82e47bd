package backstayhttp

import (
	"maps"
	"net/http"
	"strconv"
	"time"
)

// The headers by which services tell each other what only the caller knows.
// Transport sends them; [Deadline] reads the first.
const (
	// TimeoutHeader holds the time the caller will wait for the answer, in whole
	// milliseconds, rounded up: "1500". "0" is a caller that has stopped waiting.
	// It is sent whenever there is a deadline.
	TimeoutHeader = "Backstay-Timeout-Ms"
	// AttemptHeader holds the number of the attempt. It is sent from the second, "2",
	// so that a server can tell repeated work, and a service that retries as well
	// can see that it is not the only one.
	AttemptHeader = "Backstay-Attempt"
)

// stamps holds the values of the headers above, which a header map refers to.
type stamps struct{ timeout, attempt [1]string }

// timeoutText is a value of TimeoutHeader as a text. A Transport keeps one: at
// their first attempt most calls have exactly the pipeline's timeout left.
type timeoutText struct {
	ms   int64
	text string
}

// stamp adds the headers above to req, whose header map is the caller's and must
// not change. The slices of values in it are shared.
func (x *exchange) stamp(req *http.Request, s *stamps) {
	deadline, limited := req.Context().Deadline()
	repeated := x.call.Attempt() > 1
	if !limited && !repeated {
		return
	}
	header := make(http.Header, len(req.Header)+2)
	maps.Copy(header, req.Header)
	if limited {
		s.timeout[0] = x.transport.timeoutText(time.Until(deadline))
		header[TimeoutHeader] = s.timeout[:]
	}
	if repeated {
		s.attempt[0] = strconv.Itoa(x.call.Attempt())
		header[AttemptHeader] = s.attempt[:]
	}
	req.Header = header
}

// timeoutText returns left as a value of TimeoutHeader.
func (t *Transport) timeoutText(left time.Duration) string {
	ms := wholeMillis(left)
	if known := t.timeout.Load(); known != nil && known.ms == ms {
		return known.text
	}
	text := strconv.FormatInt(ms, 10)
	if p := t.Pipeline; p != nil && (ms == wholeMillis(p.Timeout) || ms == wholeMillis(p.AttemptTimeout)) {
		t.timeout.Store(&timeoutText{ms, text})
	}
	return text
}

// wholeMillis rounds up, so that a server does not give up before its caller.
func wholeMillis(d time.Duration) int64 {
	return max(0, (d + time.Millisecond - 1).Milliseconds())
}

// maxTimeout is the longest time that TimeoutHeader is believed.
const maxTimeout = 24 * time.Hour

// parseTimeout reads a value of TimeoutHeader. Anything but a number from 0 to a
// day is not one.
func parseTimeout(value string) (left time.Duration, ok bool) {
	ms, err := strconv.ParseUint(value, 10, 64)
	if err != nil || ms > uint64(maxTimeout.Milliseconds()) {
		return 0, false
	}
	return time.Duration(ms) * time.Millisecond, true
}
