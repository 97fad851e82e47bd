package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/backstay-go/backstay/gate"
	"github.com/backstay-go/backstay/ratelimit"
)

func Example() {
	search := ratelimit.New(ratelimit.Config{
		Name:  "search",
		Rate:  ratelimit.Per(1, time.Hour),
		Burst: 2,
	})
	for range 3 {
		fmt.Println(search.Allow())
	}
	// Output:
	// true
	// true
	// false
}

func ExampleLimiter_Acquire() {
	search := ratelimit.New(ratelimit.Config{Name: "search", Rate: ratelimit.Per(1, time.Hour)})
	call := func(context.Context) error { fmt.Println("searching"); return nil }
	for range 2 {
		err := gate.Do(context.Background(), search, call)
		if errors.Is(err, ratelimit.ErrLimited) {
			rejected, _ := errors.AsType[*gate.RejectedError](err)
			fmt.Println("try again in", rejected.After.Round(time.Minute))
		}
	}
	// Output:
	// searching
	// try again in 1h0m0s
}

func ExampleNewKeyed() {
	clients := ratelimit.NewKeyed[netip.Addr](ratelimit.Config{Name: "clients", Rate: ratelimit.Per(1, time.Hour)})
	for _, addr := range []string{"192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"} {
		fmt.Println(addr, clients.Allow(netip.MustParseAddr(addr)))
	}
	// Output:
	// 192.0.2.1 true
	// 192.0.2.2 true
	// 2001:db8::1 true
	// 2001:db8::2 false
}

func ExampleConfig_and() {
	api := ratelimit.New(ratelimit.Config{
		Rate: ratelimit.Per(10, time.Second),
		And:  []ratelimit.Quota{{Rate: ratelimit.Per(12, time.Hour)}},
	})
	fmt.Println(api.TakeUpTo(100))
	fmt.Println(api.Status().Remaining)
	// Output:
	// 10
	// 0
}

func ExampleLimiter_Wait() {
	mail := ratelimit.New(ratelimit.Config{Name: "mail", Rate: ratelimit.Per(1, time.Hour)})
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	fmt.Println(mail.Wait(ctx, 1))
	// The second would have to wait for an hour, so it does not wait at all.
	fmt.Println(errors.Is(mail.Wait(ctx, 1), ratelimit.ErrLimited))
	// Output:
	// <nil>
	// true
}

func ExampleLimiter_Reserve() {
	mail := ratelimit.New(ratelimit.Config{Name: "mail", Rate: ratelimit.Per(1, time.Hour)})
	mail.Allow()
	turn, err := mail.Reserve(1)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(turn.Delay().Round(time.Minute))
	turn.Cancel() // too late for us
	// Output: 1h0m0s
}

func ExampleLimiter_Refund() {
	tokens := ratelimit.New(ratelimit.Config{Name: "tokens", Rate: ratelimit.Per(1000, time.Hour)})
	if err := tokens.AllowN(400); err != nil { // an estimate
		fmt.Println(err)
		return
	}
	tokens.Refund(150) // it took 250
	fmt.Println(tokens.Status().Remaining)
	// Output: 750
}

func ExampleRate_UnmarshalText() {
	for _, text := range []string{"100/s", "5/10s", "1/90m", "7/2d", "1.5/s"} {
		var rate ratelimit.Rate
		if err := rate.UnmarshalText([]byte(text)); err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(rate.Count, "in", rate.Period, "is", rate)
	}
	// Output:
	// 100 in 1s is 100/s
	// 5 in 10s is 5/10s
	// 1 in 1h30m0s is 1/1h30m
	// 7 in 48h0m0s is 7/2d
	// ratelimit: "1.5/s" is no rate: want a whole number of calls before the slash, such as 100/s, 5/10s or 1000/h
}
