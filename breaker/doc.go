// Package breaker stops calling what is failing.
//
// A [Breaker] counts how calls end. When too many fail it opens: for a while
// calls are refused at once, which spares the callers a wait and the dependency
// the load. Then a few calls probe, and their success closes it again.
//
//	users := breaker.New(breaker.Config{Name: "users"})
//	err := users.Do(ctx, func(ctx context.Context) error {
//		return client.Ping(ctx)
//	})
//	if errors.Is(err, breaker.ErrOpen) {
//		// refused: the call never ran
//	}
package breaker
