package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// load is how many requests are sent, and over how many connections.
type load struct{ requests, connections int }

// run sends the requests to address. It writes and reads bytes, as an HTTP client
// would take the CPU from what is measured.
func (l load) run(address string) error {
	var left atomic.Int64
	left.Store(int64(l.requests))
	errs := make([]error, l.connections)
	var all sync.WaitGroup
	for i := range l.connections {
		all.Go(func() { errs[i] = exchange(address, &left) })
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// exchange sends requests over one connection until none is left.
func exchange(address string, left *atomic.Int64) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	request := []byte("GET /users/1 HTTP/1.1\r\nHost: " + address + "\r\nUser-Agent: costbench\r\nAccept: */*\r\n\r\n")
	reader := bufio.NewReader(conn)
	for left.Add(-1) >= 0 {
		if _, err := conn.Write(request); err != nil {
			return err
		}
		if err := readResponse(reader); err != nil {
			return err
		}
	}
	return nil
}

// readResponse reads a response with status 200 and a Content-Length.
func readResponse(r *bufio.Reader) error {
	status, err := r.ReadString('\n')
	if err != nil {
		return err
	}
	if !strings.HasPrefix(status, "HTTP/1.1 200 ") {
		return fmt.Errorf("the answer is %q, want 200", strings.TrimSpace(status))
	}
	length := 0
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return err
		}
		if line == "\r\n" {
			_, err = io.CopyN(io.Discard, r, int64(length))
			return err
		}
		if value, ok := strings.CutPrefix(line, "Content-Length: "); ok {
			if length, err = strconv.Atoi(strings.TrimSpace(value)); err != nil {
				return err
			}
		}
	}
}
