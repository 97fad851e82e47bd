package backstayhttp

import (
	"log"
	"net/http"
	"runtime/debug"

	"github.com/backstay-go/backstay/internal/problem"
)

// Recover answers 500 when the handler panics before it has written anything,
// where net/http drops the connection without an answer. If something has been
// written, the connection is dropped as before: the client must not take half a
// response for a whole one.
//
// The panic and its stack go to the ErrorLog of the server, as without Recover.
// A panic with [http.ErrAbortHandler] continues.
func Recover() Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w, rec := record(w)
			defer func() {
				reason := recover()
				if reason == nil {
					return
				}
				if reason == http.ErrAbortHandler {
					panic(reason)
				}
				logPanic(r, reason)
				if !rec.untouched() {
					panic(http.ErrAbortHandler)
				}
				p := problem.Details{Status: http.StatusInternalServerError, Detail: "The request could not be handled."}
				p.Write(w, r)
			}()
			next.ServeHTTP(w, r)
		})
	}
}

// logPanic writes what net/http writes when a handler panics.
func logPanic(r *http.Request, reason any) {
	printf := log.Printf
	if s, ok := r.Context().Value(http.ServerContextKey).(*http.Server); ok && s.ErrorLog != nil {
		printf = s.ErrorLog.Printf
	}
	printf("http: panic serving %v: %v\n%s", r.RemoteAddr, reason, debug.Stack())
}
