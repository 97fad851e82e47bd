package ratelimit_test

import (
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/backstay-go/backstay/internal/bubble"
	"github.com/backstay-go/backstay/ratelimit"
)

func TestStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		minute, hour := ratelimit.Per(60, time.Minute), ratelimit.Per(90, time.Hour)
		config := ratelimit.Config{Rate: minute, And: []ratelimit.Quota{{Rate: hour}}, MaxKeys: 1}
		l, k := ratelimit.New(config), ratelimit.NewKeyed[string](config)
		check := func(when string, want ratelimit.Status) {
			t.Helper()
			if got := l.Status(); got != want {
				t.Errorf("%s: Status = %+v, want %+v", when, got, want)
			}
			if got := k.Status("a"); got != want {
				t.Errorf("%s: Status of a key = %+v, want %+v", when, got, want)
			}
		}
		take := func(n int) {
			if err := errors.Join(l.AllowN(n), k.AllowN("a", n)); err != nil {
				t.Error(err)
			}
		}
		check("at first", ratelimit.Status{Rate: minute, Limit: 60, Window: time.Minute, Remaining: 60})
		take(40)
		check("after 40", ratelimit.Status{
			Rate: minute, Limit: 60, Window: time.Minute, Remaining: 20, ResetAfter: 40 * time.Second,
		})
		bubble.Advance(40 * time.Second)
		take(50)
		check("after 50 more", ratelimit.Status{
			Rate: hour, Limit: 90, Window: time.Hour, Remaining: 1, ResetAfter: time.Hour - 40*time.Second,
			RetryAfter: 0,
		})
		take(1)
		check("when the hour's are spent", ratelimit.Status{
			Rate: hour, Limit: 90, Window: time.Hour, ResetAfter: time.Hour, RetryAfter: 40 * time.Second,
		})
	})
}

func TestSnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := ratelimit.New(ratelimit.Config{
			Name: "search", Rate: ratelimit.Per(10, time.Second), Burst: 20, Shadow: true,
			And: []ratelimit.Quota{{Rate: ratelimit.Per(1000, time.Hour)}},
		})
		l.TakeUpTo(5)
		text, err := json.Marshal(l.Snapshot())
		want := `{"name":"search","shadow":true,"limits":[` +
			`{"rate":"10/s","limit":20,"window":2000000000,"remaining":15,"reset_after":500000000,"retry_after":0},` +
			`{"rate":"1000/h","limit":1000,"window":3600000000000,"remaining":995,"reset_after":18000000000,"retry_after":0}]}`
		if err != nil || string(text) != want {
			t.Errorf("Snapshot = %s, %v\nwant %s", text, err, want)
		}
	})
}
