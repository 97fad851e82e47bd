// Package demo shows what Backstay does for a service that fails. It runs two
// identical upstreams which fail, slow down and recover on one schedule, sends
// the same requests straight to the one and through a gateway to the other, and
// shows both sides next to each other while it runs.
//
// Nothing is staged beyond the schedule: requests are HTTP over loopback, the
// upstreams have a fixed number of workers and a queue, and every figure is
// counted where it arises. It takes about a tenth of a processor.
package demo
