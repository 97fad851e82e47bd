// Package gateway is a reverse proxy that puts Backstay's policies in front of
// services in any language. The command backstay serves it; a Go program may
// embed it.
package gateway
