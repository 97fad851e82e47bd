package demo

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay-go/backstay/breaker"
	"github.com/backstay-go/backstay/bulkhead"
	"github.com/backstay-go/backstay/gateway/config"
)

// direct is an http.RoundTripper that calls a handler: HTTP without a network,
// so that a whole demo runs under virtual time. A caller that gives up leaves
// the handler at work, as a connection does.
type direct struct{ handler http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	answered := make(chan *http.Response, 1)
	go func() {
		w := httptest.NewRecorder()
		d.handler.ServeHTTP(w, r)
		answered <- w.Result()
	}()
	select {
	case resp := <-answered:
		return resp, nil
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

// shield returns the policy in the demo's configuration.
func shield(t *testing.T) config.Policy {
	t.Helper()
	conf, err := config.Parse("demo.yaml", []byte(YAML), os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	policy, ok := conf.Policies["shield"]
	if !ok {
		t.Fatal("demo.yaml has no policy shield")
	}
	return policy
}

// shielded calls an upstream through the demo's policies, without a gateway.
func shielded(policy config.Policy, upstream http.Handler) caller {
	pipeline := policy.Pipeline()
	pipeline.Gates = append(pipeline.Gates, breaker.New(policy.Breaker.Config()), bulkhead.New(policy.Bulkhead.Config()))
	client := &http.Client{Transport: direct{upstream}}
	return func(ctx context.Context) bool {
		return pipeline.Do(ctx, func(ctx context.Context) error {
			if !get(ctx, client, "http://flaky.invalid/") {
				return errors.Join(ctx.Err(), errors.New("no good answer"))
			}
			return nil
		}) == nil
	}
}

// play runs a demo under virtual time and returns what both sides have counted.
func play(t *testing.T, length time.Duration, seed uint64) (without, with *meter) {
	ctx, cancel := context.WithTimeout(t.Context(), length+deadline)
	defer cancel()
	begun, s := time.Now(), script{length}
	bare, guarded := newMeter(s), newMeter(s)
	plainly := &http.Client{Transport: direct{newUpstream(ctx, s, begun, seed, bare)}, Timeout: attemptTimeout}
	generate(ctx, s, begun, seed,
		newSide(bare, naive(plainly, "http://flaky.invalid/")),
		newSide(guarded, shielded(shield(t), newUpstream(ctx, s, begun, seed, guarded))))
	cancel()
	synctest.Wait()
	return bare, guarded
}

// The acts promise something to the reader. Whether it holds is decided here,
// where nothing depends on the machine.
func TestTheActsKeepWhatTheyPromise(t *testing.T) {
	bounds := []struct {
		act                           string
		leastWith, mostWithAttempts   float64 // with Backstay
		leastWithout, mostWithout     float64 // without: goodput
		leastAttempts, excessAttempts float64 // without: attempts
	}{
		{"healthy", 0.999, 1.01, 0.999, 1, 0.99, 1.01},
		{"errors", 0.97, 1.6, 0.97, 1, 1.3, 1.6},
		{"slow", 0.6, 1.01, 0, 0.3, 2, 4.5},
		{"dead", 0, 0.7, 0, 0.2, 4, 6},
		{"recovery", 0.55, 1.01, 0, 0.45, 2.5, 4.5},
		{"healthy", 0.99, 1.05, 0.95, 1, 0.99, 1.5},
	}
	for _, length := range []time.Duration{20 * time.Second, time.Minute} {
		for _, seed := range []uint64{1, 2} {
			synctest.Test(t, func(t *testing.T) {
				bare, guarded := play(t, length, seed)
				without, with := bare.acts(length+deadline), guarded.acts(length+deadline)
				for i, b := range bounds {
					if name := acts[i].name; name != b.act {
						t.Fatalf("act %d is %s, want %s", i, name, b.act)
					}
					inRange(t, b.act+" with: OK", with[i].goodput(), b.leastWith, 1)
					inRange(t, b.act+" with: attempts", with[i].amplification(), 0, b.mostWithAttempts)
					inRange(t, b.act+" without: OK", without[i].goodput(), b.leastWithout, b.mostWithout)
					inRange(t, b.act+" without: attempts", without[i].amplification(), b.leastAttempts, b.excessAttempts)
				}
				if t.Failed() {
					t.Logf("%v, seed %d\n%s", length, seed, strings.Join(summary(without, with, 80), "\n"))
				}
			})
		}
	}
}

// Right after the upstream is back, the plain client wins: it asks at once, while
// the breaker probes. The act says so, and how long.
func TestWhoWinsInTheRecovery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const length = time.Minute
		bare, guarded := play(t, length, 1)
		s := script{length}
		begin, end := s.begin(4), s.end(4)
		// Requests count when they are decided, which takes a second here.
		early, late := begin+3*time.Second, begin+5*time.Second
		if a, b := goodputBetween(bare, begin, early), goodputBetween(guarded, begin, early); a <= b {
			t.Errorf("in the first seconds of the recovery, %.2f are OK without and %.2f with Backstay; the act says otherwise", a, b)
		}
		if a, b := goodputBetween(bare, late, end), goodputBetween(guarded, late, end); a >= b {
			t.Errorf("in the rest of the recovery, %.2f are OK without and %.2f with Backstay; the act says otherwise", a, b)
		}
	})
}

// goodputBetween returns the goodput of a part of the course.
func goodputBetween(m *meter, begin, end time.Duration) float64 {
	var sum tally
	for at := begin; at < end; at += m.script.length / points {
		sum.merge(m.point(at))
	}
	return sum.goodput()
}

func inRange(t *testing.T, what string, got, least, most float64) {
	t.Helper()
	if !(got >= least && got <= most) {
		t.Errorf("%s is %.3f, want %v to %v", what, got, least, most)
	}
}

// The comparison is fair only while both sides have the same terms.
func TestBothSidesHaveTheSameTerms(t *testing.T) {
	policy := shield(t)
	if got := int(policy.Retry.MaxAttempts); got != maxAttempts {
		t.Errorf("max_attempts is %d, the plain client's %d", got, maxAttempts)
	}
	if got := time.Duration(policy.AttemptTimeout); got != attemptTimeout {
		t.Errorf("attempt_timeout is %v, the plain client's %v", got, attemptTimeout)
	}
	if got := time.Duration(policy.Timeout); got != deadline {
		t.Errorf("timeout is %v, callers wait for %v", got, deadline)
	}
	if want := "up to 4 times of 1 s"; !strings.Contains(naively, want) || maxAttempts != 4 || attemptTimeout != time.Second {
		t.Errorf("the screen says %q", naively)
	}
}
