package backstayhttp_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay-go/backstay/backstayhttp"
	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/internal/bubble"
)

// serve runs h behind mw, with no sockets, and returns the answer.
func serve(h http.HandlerFunc, mw ...backstayhttp.Middleware) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	backstayhttp.Chain(h, mw...).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	return w
}

func TestTimeoutAnswersForTheHandler(t *testing.T) {
	tests := []struct {
		name    string
		handler func(w http.ResponseWriter, ctx context.Context)
		want    int
		took    time.Duration
	}{
		{"in time", func(w http.ResponseWriter, _ context.Context) { w.WriteHeader(201) }, 201, 0},
		{"in time, nothing written", func(http.ResponseWriter, context.Context) {}, 200, 0},
		{"gives up", func(_ http.ResponseWriter, ctx context.Context) { <-ctx.Done() }, 504, time.Second},
		{"gives up with an answer of its own", func(w http.ResponseWriter, ctx context.Context) { <-ctx.Done(); w.WriteHeader(418) }, 418, time.Second},
		{"does not look", func(w http.ResponseWriter, _ context.Context) { bubble.Advance(time.Minute); w.WriteHeader(201) }, 201, time.Minute},
		{"fails half-way", func(w http.ResponseWriter, ctx context.Context) { fmt.Fprint(w, "half"); <-ctx.Done() }, 200, time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				outside, inside := &recorder{}, &recorder{}
				w := serve(func(w http.ResponseWriter, r *http.Request) { test.handler(w, r.Context()) },
					backstayhttp.Guard(outside), backstayhttp.Timeout(time.Second), backstayhttp.Guard(inside))
				if took := time.Since(begun); w.Code != test.want || took != test.took {
					t.Errorf("status %d after %v, want %d after %v", w.Code, took, test.want, test.took)
				}
				want := "success"
				if test.want == 504 {
					want = "failure"
				}
				if outside.outcomes() != want || inside.outcomes() != want {
					t.Errorf("the gates were told %s outside and %s inside, want %s", outside.outcomes(), inside.outcomes(), want)
				}
			})
		})
	}
}

// From the first Flush on, the response is a stream, which has no deadline.
func TestStreamsAreNotCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := serve(func(w http.ResponseWriter, r *http.Request) {
			derived, cancel := context.WithCancel(context.WithValue(r.Context(), http.ServerContextKey, nil))
			defer cancel()
			if deadline, ok := r.Context().Deadline(); !ok || time.Until(deadline) != time.Second {
				t.Errorf("before Flush the deadline is %v, %v; want in 1s", deadline, ok)
			}
			for i := range 10 {
				fmt.Fprint(w, i)
				w.(http.Flusher).Flush()
				bubble.Advance(time.Minute)
			}
			if _, ok := r.Context().Deadline(); ok || r.Context().Err() != nil || derived.Err() != nil {
				t.Errorf("after 10 minutes of a stream: %v, derived %v; want no end", r.Context().Err(), derived.Err())
			}
		}, backstayhttp.Timeout(time.Second), backstayhttp.Timeout(2*time.Second), backstayhttp.Timeout(time.Second))
		if w.Code != 200 || w.Body.String() != "0123456789" {
			t.Errorf("status %d, body %q; want the whole stream", w.Code, w.Body)
		}
	})
}

func TestFlushAfterTheDeadlineChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		serve(func(w http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			_ = http.NewResponseController(w).Flush()
			if _, ok := r.Context().Deadline(); !ok || r.Context().Err() != context.DeadlineExceeded {
				t.Errorf("the context has a deadline %v and the error %v; want what has passed", ok, r.Context().Err())
			}
		}, backstayhttp.Timeout(time.Second))
	})
}

// The context of a Timeout behaves like one of package context.
func TestContextOfTimeout(t *testing.T) {
	type (
		key   struct{}
		other struct{}
	)
	ends := map[string]struct {
		parent func(context.Context) (context.Context, context.CancelFunc)
		want   error
		cause  string
	}{
		"deadline": {func(ctx context.Context) (context.Context, context.CancelFunc) { return ctx, func() {} }, context.DeadlineExceeded, "context deadline exceeded"},
		"parent's cancellation": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancelCause(ctx)
			time.AfterFunc(time.Millisecond, func() { cancel(errors.New("gone")) })
			return ctx, func() { cancel(nil) }
		}, context.Canceled, "gone"},
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := end.parent(context.WithValue(t.Context(), key{}, "value"))
				defer cancel()
				var kept, child context.Context
				h := backstayhttp.Timeout(time.Second)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					kept = r.Context()
					if kept.Value(key{}) != "value" {
						t.Error("the values of the request are lost")
					}
					before := runtime.NumGoroutine()
					var cancel context.CancelFunc
					child, cancel = context.WithCancel(context.WithValue(kept, other{}, 1))
					defer cancel()
					called := make(chan struct{})
					stop := context.AfterFunc(kept, func() { close(called) })
					defer stop()
					if after := runtime.NumGoroutine(); after > before {
						t.Errorf("deriving from the context starts %d goroutines", after-before)
					}
					<-child.Done()
					<-called
					for name, ctx := range map[string]context.Context{"request": kept, "child": child} {
						if ctx.Err() != end.want || context.Cause(ctx).Error() != end.cause {
							t.Errorf("%s: Err %v, Cause %v; want %v, %s", name, ctx.Err(), context.Cause(ctx), end.want, end.cause)
						}
					}
				}))
				h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil).WithContext(ctx))
			})
		})
	}
}

func TestContextEndsWithTheHandler(t *testing.T) {
	var kept context.Context
	serve(func(_ http.ResponseWriter, r *http.Request) { kept = r.Context() }, backstayhttp.Timeout(time.Hour))
	if kept.Err() != context.Canceled {
		t.Errorf("after the handler the context's error is %v, want context.Canceled", kept.Err())
	}
}

func TestTighterDeadlineStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		h := backstayhttp.Timeout(time.Minute)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if r.Context() != ctx {
				t.Error("the context is another, want the one that ends sooner")
			}
		}))
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil).WithContext(ctx))
	})
}

// The reader of a stream goes when its patience ends, though the Timeout that
// was to end sooner no longer applies.
func TestDeadlineOutlivesALiftedTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stream := func(w http.ResponseWriter, r *http.Request) {
			begun := time.Now()
			if deadline, _ := r.Context().Deadline(); time.Until(deadline) != time.Second {
				t.Errorf("the deadline is in %v, want 1s", time.Until(deadline))
			}
			_ = http.NewResponseController(w).Flush()
			if deadline, _ := r.Context().Deadline(); time.Until(deadline) != 5*time.Second {
				t.Errorf("the deadline of the stream is in %v, want 5s", time.Until(deadline))
			}
			select {
			case <-r.Context().Done():
			case <-time.After(time.Hour):
			}
			if took := time.Since(begun); took != 5*time.Second {
				t.Errorf("the stream ended after %v, want 5s", took)
			}
		}
		h := backstayhttp.Chain(http.HandlerFunc(stream), backstayhttp.Timeout(time.Second), backstayhttp.Deadline())
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set(backstayhttp.TimeoutHeader, "5000")
		h.ServeHTTP(httptest.NewRecorder(), r)
	})
}

func TestTimeoutThatMakesNoSense(t *testing.T) {
	defer func() {
		if reason := recover(); reason != "backstayhttp: Timeout is 0s: want above zero" {
			t.Errorf("recovered %v", reason)
		}
	}()
	backstayhttp.Timeout(0)
}

func TestDeadline(t *testing.T) {
	tests := []struct {
		name   string
		header string
		own    time.Duration // of the request before; 0 for none
		want   time.Duration // until the deadline that the handler sees; 0 for none
		status int
	}{
		{"none", "", 0, 0, 200},
		{"garbage", "soon", 0, 0, 200},
		{"negative", "-5", 0, 0, 200},
		{"too long", "99999999999", 0, 0, 200},
		{"adopted", "1500", 0, 1500 * time.Millisecond, 200},
		{"tighter than ours", "1500", time.Minute, 1500 * time.Millisecond, 200},
		{"looser than ours", "1500", time.Second, time.Second, 200},
		{"expired", "0", time.Minute, -1, 504},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if test.own > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, test.own)
					defer cancel()
				}
				h := backstayhttp.Deadline()(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					if test.want < 0 {
						t.Error("the handler ran for nobody")
					}
					deadline, ok := r.Context().Deadline()
					if ok != (test.want > 0) || ok && time.Until(deadline) != test.want {
						t.Errorf("the deadline is %v, %v; want in %v", deadline, ok, test.want)
					}
				}))
				w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil).WithContext(ctx)
				r.Header.Set(backstayhttp.TimeoutHeader, test.header)
				h.ServeHTTP(w, r)
				if w.Code != test.status {
					t.Errorf("status %d, want %d", w.Code, test.status)
				}
			})
		})
	}
}

func TestDeadlinePasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &recorder{}
		h := backstayhttp.Chain(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }),
			backstayhttp.Deadline(), backstayhttp.Timeout(time.Minute), backstayhttp.Guard(gate.Gate(g)))
		w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
		r.Header.Set(backstayhttp.TimeoutHeader, "1500")
		begun := time.Now()
		h.ServeHTTP(w, r)
		if took := time.Since(begun); w.Code != 504 || took != 1500*time.Millisecond || g.outcomes() != "failure" {
			t.Errorf("status %d after %v, the gate was told %s; want 504 after 1.5s, failure", w.Code, took, g.outcomes())
		}
	})
}
