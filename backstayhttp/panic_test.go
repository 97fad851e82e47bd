package backstayhttp_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/backstay-go/backstay"
	"github.com/backstay-go/backstay/backstayhttp"
	"github.com/backstay-go/backstay/gate"
)

func TestPanicClosesBodies(t *testing.T) {
	boom := func(*http.Response) error { panic("on purpose") }
	for name, test := range map[string]struct {
		gates     []gate.Gate
		responses int32
	}{
		"in a gate":  {gates: []gate.Gate{nil}},
		"in a check": {responses: 1},
	} {
		t.Run(name, func(t *testing.T) {
			request, response := &closeNoter{Reader: strings.NewReader("ping")}, &closeNoter{Reader: strings.NewReader("pong")}
			transport := &backstayhttp.Transport{
				Base: baseFunc(func(r *http.Request) (*http.Response, error) {
					_, _ = io.Copy(io.Discard, r.Body)
					_ = r.Body.Close()
					return &http.Response{StatusCode: http.StatusOK, Body: response, Request: r}, nil
				}),
				Pipeline: &backstay.Pipeline{Gates: test.gates},
				Check:    boom,
			}
			func() {
				defer func() {
					if recover() == nil {
						t.Error("the panic did not reach the caller")
					}
				}()
				_, _ = transport.RoundTrip(newRequest(t, "PUT", "http://users/", request))
			}()
			if request.closed.Load() != 1 || response.closed.Load() != test.responses {
				t.Errorf("the body of the request was closed %d times, that of the response %d times; want 1 and %d",
					request.closed.Load(), response.closed.Load(), test.responses)
			}
		})
	}
}
