package backstayhttp

import (
	"net/http"
	"strconv"
	"time"

	"github.com/backstay-go/backstay/ratelimit"
)

// describe adds the fields RateLimit-Policy and RateLimit
// (draft-ietf-httpapi-ratelimit-headers-08) to the answer to a caller whose quota
// is used up: how many requests it is, in how many seconds, how many are left,
// and when it will be whole again.
func describe(h http.Header, s ratelimit.Status) {
	h.Set("Ratelimit-Policy", `"default";q=`+strconv.Itoa(s.Limit)+";w="+wholeSeconds(s.Window))
	h.Set("Ratelimit", `"default";r=`+strconv.Itoa(s.Remaining)+";t="+wholeSeconds(s.ResetAfter))
}

// wholeSeconds returns d in seconds, rounded up and at least one: a client that
// comes back then does not come too early.
func wholeSeconds(d time.Duration) string {
	seconds := d / time.Second
	if d%time.Second > 0 {
		seconds++
	}
	return strconv.FormatInt(int64(max(1, seconds)), 10)
}
