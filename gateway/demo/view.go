package demo

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// The least and the greatest width of the view, in columns.
const minWidth, maxWidth = 60, 120

// naively says what the side without Backstay does. It is shown wherever the
// figures are, as they are worth nothing without it.
const naively = "Without: a plain HTTP client that tries again at once, up to 4 times of 1 s."

// fairly says what both sides share.
const fairly = "Both get the same requests at the same moments, and identical upstreams."

// view draws frames as text.
type view struct {
	width, height int
	color         bool
}

// render returns the lines of f. They fit the width, from 60 columns up, and the
// height if that is 20 lines or more.
func (v view) render(f frame) []string {
	v.width = max(minWidth, min(maxWidth, v.width))
	lines := []string{v.header(f), ""}
	lines = append(lines, v.story(f)...)
	lines = append(lines, "")
	lines = append(lines, v.table(f)...)
	lines = append(lines, "")
	lines = append(lines, v.courses(f)...)
	lines = append(lines, "")
	for _, text := range []string{naively, fairly, "Gateway " + f.gateway + ", admin " + f.admin} {
		for _, line := range wrap(text, v.width) {
			lines = append(lines, v.dim(line))
		}
	}
	return fit(lines, v.height)
}

// fit leaves out empty lines, the last first, then what is below the height.
func fit(lines []string, height int) []string {
	for i := len(lines) - 1; i >= 0 && len(lines) > height; i-- {
		if lines[i] == "" {
			lines = append(lines[:i], lines[i+1:]...)
		}
	}
	return lines[:min(len(lines), max(height, 1))]
}

func (v view) header(f frame) string {
	left, right := "backstay demo", clock(min(f.now, f.length))+" of "+clock(f.length)+"   Ctrl-C ends it"
	return v.bold(left) + strings.Repeat(" ", v.width-len(left)-len(right)) + v.dim(right)
}

// story tells what the upstream does and what there is to see. It has as many
// lines as the longest of all acts, so that the rest stands still.
func (v view) story(f frame) []string {
	longest := 0
	for _, a := range acts {
		longest = max(longest, len(wrap(a.what, v.width))+len(wrap(a.watch, v.width)))
	}
	i := script{f.length}.act(f.now)
	a := acts[i]
	lines := []string{v.bold(fmt.Sprintf("Act %d of %d: %s", i+1, len(acts), a.title))}
	lines = append(lines, wrap(a.what, v.width)...)
	lines = append(lines, wrap(a.watch, v.width)...)
	for len(lines) < longest+1 {
		lines = append(lines, " ")
	}
	return lines
}

// The columns of the table.
const labelWidth, valueWidth = 24, 16

func (v view) table(f frame) []string {
	row := func(label, without, with string) string {
		return left(label, labelWidth) + left(without, valueWidth) + with
	}
	goodput := func(share float64, width int) string { return v.grade(share, left(percent(share), width)) }
	a, b := f.without, f.with
	return []string{
		v.bold(row("in the last 2 s", "without", "with Backstay")),
		left("answered OK in time", labelWidth) + goodput(a.goodput, valueWidth) + goodput(b.goodput, 0),
		row("99 % answered within", length(a.p99), length(b.p99)),
		row("failures told after", length(a.failing), length(b.failing)),
		row("requests per second", fmt.Sprintf("%.0f", a.perSecond), fmt.Sprintf("%.0f", b.perSecond)),
		row("attempts per request", times(a.amplification), times(b.amplification)),
		left("refused by", labelWidth) + left("nobody", valueWidth) + clip(f.refused.String(), v.width-labelWidth-valueWidth),
		v.breaker(f.breaker),
	}
}

func (v view) breaker(b breakerFigures) string {
	state := strings.ReplaceAll(b.state, "_", "-")
	text := left("breaker", labelWidth) + left("none", valueWidth)
	room := v.width - labelWidth - valueWidth
	if b.cause != "" && b.state != "closed" {
		// The cause has the whole line: what it says is worth more than the column.
		text = left("breaker", 9)
		room = v.width - 9
		state += ": " + b.cause
	}
	switch b.state {
	case "closed":
		return text + v.green(clip(state, room))
	case "open":
		return text + v.red(clip(state, room))
	default:
		return text + v.yellow(clip(state, room))
	}
}

// courseLabel is the width of what stands before a sparkline.
const courseLabel = 20

// courses draws what has been so far, below the names of the acts.
func (v view) courses(f frame) []string {
	width := v.width - courseLabel
	goodput := func(c *[points]point) string {
		return spark(resample(pick(c, func(p point) float64 { return p.goodput }), width), 1, v.grade)
	}
	attempts := func(c *[points]point) []float64 {
		return resample(pick(c, func(p point) float64 { return p.attempts }), width)
	}
	bare, guarded := attempts(&f.without.course), attempts(&f.with.course)
	top := peak(bare, guarded)
	// Attempts beyond what arrives are those that Backstay is there to save.
	load := func(attempts float64, text string) string { return v.grade(rate/attempts, text) }
	return []string{
		strings.Repeat(" ", courseLabel) + v.dim(v.ruler(script{f.length}, width)),
		"OK in time  without " + goodput(&f.without.course),
		"  0-100 %   with    " + goodput(&f.with.course),
		"attempts/s  without " + spark(bare, top, load),
		left(fmt.Sprintf("  0-%.0f", top), 12) + "with    " + spark(guarded, top, load),
	}
}

func pick(course *[points]point, value func(point) float64) []float64 {
	values := make([]float64, points)
	for i, p := range course {
		values[i] = value(p)
	}
	return values
}

// ruler names the acts along a line: by name where there is room, else by
// number.
func (v view) ruler(s script, width int) string {
	var line strings.Builder
	for i, a := range acts {
		begin, end := column(s, i, width), column(s, i+1, width)
		name := a.name
		if len(name) > end-begin-1 {
			name = fmt.Sprint(i + 1)
		}
		line.WriteString(left("│"+name, end-begin))
	}
	return strings.TrimRight(line.String(), " ")
}

// column returns the column at which an act begins.
func column(s script, act, width int) int {
	if act == len(acts) {
		return width
	}
	return int(math.Round(float64(s.begin(act)) / float64(s.length) * float64(width)))
}

// left fills text up to a width.
func left(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(text)))
}

// clip cuts text to a width.
func clip(text string, width int) string {
	if utf8.RuneCountInString(text) <= width {
		return text
	}
	return string([]rune(text)[:max(0, width-1)]) + "…"
}

// wrap breaks text into lines at spaces.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
