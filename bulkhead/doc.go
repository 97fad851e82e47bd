// Package bulkhead limits how many calls run at once, so that one slow
// dependency cannot take every goroutine, connection and byte of the caller
// with it, as one flooded compartment does not sink a ship.
//
//	users := bulkhead.New(bulkhead.Config{Name: "users", Limit: 64})
//
//	err := gate.Do(ctx, users, func(ctx context.Context) error {
//		return client.Get(ctx, id)
//	})
//	if errors.Is(err, bulkhead.ErrFull) {
//		// 64 calls are running: this one never ran
//	}
package bulkhead
