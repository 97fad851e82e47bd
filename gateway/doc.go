// Package gateway is a reverse proxy that puts Backstay's policies in front of
// services in any language. The command backstay serves it; a Go program may
// embed it:
//
//	conf, err := config.Parse("gateway.yaml", data, os.LookupEnv)
//	if err != nil {
//		return err // every mistake in the file, with its line
//	}
//	g, err := gateway.New(conf, event.Slog(slog.Default()))
//	if err != nil {
//		return err
//	}
//	front, admin, err := g.Listen()
//	if err != nil {
//		return err
//	}
//	return g.Serve(ctx, front, admin)
//
// [Gateway.Handler] and [Gateway.AdminHandler] are for those who have a server
// of their own.
//
// # What happens to a request
//
//	route          the most specific one for its host, path and method
//	rate limit     429 when the client has used up its quota
//	timeout        until the response begins; 504 after that
//	retry          on the next endpoint, if repeating does no harm
//	breaker        503 while the upstream keeps failing
//	bulkhead       503 when too many requests are at the upstream
//	attempt        to one endpoint, within its own timeout
//	fallback       in place of an error, if the route has one
//
// Refusals carry Retry-After, and all answers of the gateway's own an
// application/problem+json body. A fallback is marked by [FallbackHeader]. Bodies stream
// through in both directions and are never buffered, upgrades such as WebSocket
// pass, and no timeout cuts a response that has begun.
//
// [Gateway.State] tells what all of it has done.
package gateway
