package backstayhttp

import (
	"io"
	"net/http"
	"time"
)

// How much of a discarded response is read, and for how long, before it is
// cheaper to give its connection up.
const (
	drainLimit = 64 << 10
	drainTime  = 250 * time.Millisecond
)

// discard closes a response that nobody will read. A connection can be used
// again only when the response on it has been read to its end.
func discard(resp *http.Response) {
	if resp.Body == nil {
		return
	}
	defer resp.Body.Close()
	if resp.ContentLength > drainLimit {
		return
	}
	late := time.AfterFunc(drainTime, func() { resp.Body.Close() })
	defer late.Stop()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, drainLimit))
}
