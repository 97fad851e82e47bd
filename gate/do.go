package gate

import "context"

// Do runs op if g admits it, and releases the permit when op has returned,
// panicked or called runtime.Goexit; a panic continues. When g refuses, op does
// not run and Do returns the refusal. When ctx has already ended, neither g nor
// op is asked and Do returns ctx's error. A nil g admits every call.
func Do(ctx context.Context, g Gate, op func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if g == nil {
		return op(ctx)
	}
	permit, err := g.Acquire(ctx)
	if err != nil {
		return err
	}
	result := ErrPanicked // what the gate is told unless op returns
	defer func() { permit.Done(result) }()
	result = op(ctx)
	return result
}
