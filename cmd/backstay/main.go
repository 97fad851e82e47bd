// Command backstay puts reliability policies in front of any service.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "backstay: no command yet")
	os.Exit(2)
}
