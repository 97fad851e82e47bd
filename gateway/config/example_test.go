package config_test

import (
	"errors"
	"fmt"
	"os"

	"github.com/backstay-go/backstay/gateway/config"
)

func ExampleParse() {
	file := `upstreams:
  users: {endpoints: [http://127.0.0.1:9001]}
routes:
  - upstream: user
    policy: default
    fallbak: {body: sorry}
`
	_, err := config.Parse("gateway.yaml", []byte(file), os.LookupEnv)
	if mistakes, ok := errors.AsType[config.Mistakes](err); ok {
		fmt.Print(mistakes.Report())
	}
	// Output:
	// gateway.yaml:4:15: no upstream is named "user": did you mean "users"?
	//     4 |   - upstream: user
	//       |               ^^^^
	// gateway.yaml:6:5: unknown field "fallbak" in routes[0]: did you mean "fallback"?
	//     6 |     fallbak: {body: sorry}
	//       |     ^^^^^^^
}
