package backstayhttp

import (
	"bufio"
	"io"
	"net"
	"net/http"
)

// writer is the [http.ResponseWriter] that the middleware of this package passes
// on. It knows what has become of the response. All middleware around a handler
// shares one.
type writer struct {
	http.ResponseWriter
	status  int       // of the response; 0 while nothing is written
	refusal error     // that Refuse answered with
	limit   *patience // the innermost Timeout, which ends when a stream begins
}

// record returns a ResponseWriter for the next handler and what it records. If
// w records already, that is w itself.
func record(w http.ResponseWriter) (http.ResponseWriter, *writer) {
	if r, ok := w.(interface{ recorder() *writer }); ok {
		return w, r.recorder()
	}
	if hijackable(w) {
		h := &hijacker{writer{ResponseWriter: w}}
		return h, &h.writer
	}
	r := &writer{ResponseWriter: w}
	return r, r
}

func (w *writer) recorder() *writer { return w }

// Unwrap is for [http.ResponseController].
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// untouched reports whether the status can still be chosen.
func (w *writer) untouched() bool { return w.status == 0 }

// wrote notes that what follows is the response. Informational responses (1xx)
// come before it; only a switch of protocols is final.
func (w *writer) wrote(status int) {
	if w.status == 0 && (status >= http.StatusOK || status == http.StatusSwitchingProtocols) {
		w.status = status
	}
}

// streams notes that the response has become a stream, which no Timeout bounds.
func (w *writer) streams() {
	for p := w.limit; p != nil; p = p.outer {
		p.lift()
	}
}

// WriteHeader implements http.ResponseWriter.
func (w *writer) WriteHeader(status int) {
	w.wrote(status)
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *writer) Write(p []byte) (int, error) {
	w.wrote(http.StatusOK)
	return w.ResponseWriter.Write(p)
}

// WriteString implements io.StringWriter.
func (w *writer) WriteString(s string) (int, error) {
	w.wrote(http.StatusOK)
	return io.WriteString(w.ResponseWriter, s)
}

// Flush implements http.Flusher.
func (w *writer) Flush() { _ = w.FlushError() }

// FlushError is what [http.ResponseController] calls.
func (w *writer) FlushError() error {
	w.wrote(http.StatusOK)
	w.streams()
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// hijacker is a writer for a connection that can be taken over, which is one of
// HTTP/1. Handlers find out by asserting http.Hijacker, so a writer must not have
// the method when the connection has it not.
type hijacker struct{ writer }

// hijackable reports whether w or what it wraps can be taken over.
func hijackable(w http.ResponseWriter) bool {
	for {
		switch t := w.(type) {
		case http.Hijacker:
			return true
		case interface{ Unwrap() http.ResponseWriter }:
			w = t.Unwrap()
		default:
			return false
		}
	}
}

// Hijack implements http.Hijacker.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err == nil {
		h.wrote(http.StatusSwitchingProtocols)
		h.streams()
	}
	return conn, rw, err
}

// ReadFrom implements io.ReaderFrom, by which a file goes to the connection
// without passing through memory.
func (h *hijacker) ReadFrom(r io.Reader) (int64, error) {
	before := h.status
	h.wrote(http.StatusOK) // also if r panics half-way
	n, err := io.Copy(h.ResponseWriter, r)
	if n == 0 {
		h.status = before // the handler may yet choose another
	}
	return n, err
}
