package backstayhttp

import "io"

// Read reads the body of the response. Its end, good or bad, is the end of the
// call.
func (x *exchange) Read(p []byte) (int, error) {
	n, err := x.body.Read(p)
	if err != nil {
		err = x.finish(err)
	}
	return n, err
}

// Close closes the body of the response and ends the call: a reader who has seen
// enough is no failure.
func (x *exchange) Close() error {
	x.closed.Store(true)
	err := x.body.Close()
	_ = x.finish(io.EOF)
	return err
}

// finish ends the call, once, with what reading the body ended with. It returns
// what the reader is told.
func (x *exchange) finish(err error) error {
	if !x.over.CompareAndSwap(false, true) {
		return err
	}
	if err == io.EOF || x.closed.Load() {
		_ = x.call.Done(x.failure)
		return err
	}
	return x.call.Done(err)
}
