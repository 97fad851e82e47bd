package demo

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"
)

// screen shows frames while the demo runs.
type screen interface {
	// every is how often to draw.
	every() time.Duration
	// open shows the first frame.
	open(frame) error
	draw(frame) error
	// close leaves the terminal as it was.
	close() error
	// width is that of the text which may follow.
	width() int
}

// terminal draws each frame over the one before, on the alternate screen, so
// that what was in the terminal is there again afterwards.
type terminal struct {
	out   io.Writer
	size  func() (width, height int, err error)
	color bool
}

// The sequences change to the alternate screen, hide the cursor and keep lines
// that are too long from going on in the next; and undo that.
const (
	enter = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J"
	leave = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l"
)

func (t *terminal) every() time.Duration { return span }

func (t *terminal) open(f frame) error {
	if err := t.write(enter); err != nil {
		return err
	}
	return t.draw(f)
}

func (t *terminal) close() error { return t.write(leave) }

func (t *terminal) draw(f frame) error {
	width, height, err := t.size()
	if err != nil {
		return fmt.Errorf("size of the terminal: %w", err)
	}
	if width == 0 || height == 0 { // so says one that does not know
		width, height = 80, 24
	}
	var text strings.Builder
	text.WriteString("\x1b[H")
	for i, line := range (view{width: width, height: height, color: t.color}).render(f) {
		if i > 0 {
			text.WriteString("\r\n")
		}
		// Erasing comes first: after a line of the full width, the cursor would
		// still be on its last character.
		text.WriteString("\x1b[K" + line)
	}
	text.WriteString("\x1b[J")
	return t.write(text.String())
}

func (t *terminal) width() int {
	width, _, err := t.size()
	if err != nil {
		return minWidth
	}
	return min(width, maxWidth)
}

func (t *terminal) write(text string) error {
	_, err := io.WriteString(t.out, text)
	return err
}

// plain prints a line a second. The keys and their order are stable, so that
// programs may read them.
type plain struct{ out io.Writer }

func (p *plain) every() time.Duration { return time.Second }
func (p *plain) close() error         { return nil }
func (p *plain) width() int           { return 80 }

// open prints what the lines below need to be understood.
func (p *plain) open(f frame) error {
	return printLines(p.out, []string{"# " + naively, "# " + fairly, "# Gateway " + f.gateway + ", admin " + f.admin})
}

func (p *plain) draw(f frame) error { return printLines(p.out, []string{plainLine(f)}) }

// plainLine returns f in one line of key=value.
func plainLine(f frame) string {
	i := script{f.length}.act(f.now)
	var line strings.Builder
	fmt.Fprintf(&line, "t=%.0fs act=%d name=%s", f.now.Seconds(), i+1, acts[i].name)
	for _, side := range []struct {
		name string
		figures
	}{{"without", f.without}, {"with", f.with}} {
		n := side.name
		fmt.Fprintf(&line, " %s.ok=%s %s.p99=%s %s.failing=%s %s.rps=%.0f %s.attempts=%s", n, bare(side.goodput*100, 1),
			n, millis(side.p99), n, millis(side.failing), n, side.perSecond, n, bare(side.amplification, 2))
	}
	fmt.Fprintf(&line, " refused_by_breaker=%.0f refused_by_bulkhead=%.0f", f.refused.breaker, f.refused.bulkhead)
	fmt.Fprintf(&line, " breaker=%s cause=%q", f.breaker.state, f.breaker.cause)
	return line.String()
}

// bare writes a number, or - if it is not known.
func bare(n float64, digits int) string {
	if math.IsNaN(n) {
		return "-"
	}
	scale := math.Pow(10, float64(digits))
	return fmt.Sprintf("%.*f", digits, math.Floor(n*scale+1e-9)/scale)
}

// millis writes a duration in milliseconds, or - if there is none.
func millis(d time.Duration) string {
	if d == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1fms", d.Seconds()*1000)
}
