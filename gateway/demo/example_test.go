package demo_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/backstay-go/backstay/gateway/demo"
)

// Without a terminal, the demo prints a line a second, and a summary.
func Example() {
	var out strings.Builder
	if err := demo.Run(context.Background(), demo.Config{For: time.Second, Seed: 1, Out: &out}); err != nil {
		fmt.Println(err)
		return
	}
	first, rest, _ := strings.Cut(out.String(), "\n")
	fmt.Println(first)
	fmt.Println("a summary of six acts:", strings.Contains(rest, "\n6 healthy "))
	// Output:
	// # Without: a plain HTTP client that tries again at once, up to 4 times of 1 s.
	// a summary of six acts: true
}
