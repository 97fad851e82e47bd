package gateway_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/backstay-go/backstay/gateway"
	"github.com/backstay-go/backstay/gateway/config"
)

func Example() {
	users := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "you asked for %s\n", r.URL.Path)
	}))
	defer users.Close()

	g, err := gateway.New(&config.Config{Upstream: config.Endpoints{users.URL}}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	front := httptest.NewServer(g.Handler())
	defer front.Close()

	resp, err := http.Get(front.URL + "/users/1")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	fmt.Print(resp.Status, ": ", string(body))
	// Output: 200 OK: you asked for /users/1
}
