package demo

import (
	"fmt"
	"io"
	"strings"
)

// The columns of the summary. Together they have the least width of a view.
const actWidth, okWidth, p99Width, attemptsWidth = 10, 8, 8, 9

// summary returns the table of a demo: each act, and all of them together. Its
// text fits the width, from 60 columns up.
func summary(without, with []tally, width int) []string {
	titles := []string{"OK", "p99", "attempts"}
	lines := []string{
		left("", actWidth) + right("without Backstay", 25) + right("with Backstay", 25),
		row("act", titles, titles),
	}
	var bare, guarded tally
	for i, a := range acts {
		lines = append(lines, row(fmt.Sprintf("%d %s", i+1, a.name), cells(&without[i]), cells(&with[i])))
		bare.merge(&without[i])
		guarded.merge(&with[i])
	}
	lines = append(lines, row("total", cells(&bare), cells(&guarded)), "")
	lines = append(lines,
		fmt.Sprintf("Without Backstay %d of %d requests OK, %d attempts.", bare.good, bare.decided, bare.attempts),
		fmt.Sprintf("With Backstay    %d of %d requests OK, %d attempts.", guarded.good, guarded.decided, guarded.attempts),
		"")
	for _, text := range []string{
		"OK is the share answered well within 2 s of the request; p99 the time within which 99 % had an answer, good or bad; " +
			"attempts how many reached the upstream for each request. A request counts in the act in which it arrived.",
		naively + " " + fairly,
		"The gateway's configuration is in: backstay demo --help",
	} {
		lines = append(lines, wrap(text, max(minWidth, width))...)
	}
	return lines
}

func row(name string, without, with []string) string {
	text := left(name, actWidth)
	for _, side := range [][]string{without, with} {
		text += right(side[0], okWidth) + right(side[1], p99Width) + right(side[2], attemptsWidth)
	}
	return text
}

func cells(t *tally) []string {
	return []string{percent(t.goodput()), length(t.took.Quantile(0.99)), times(t.amplification())}
}

// right fills text up to a width, at its left.
func right(text string, width int) string {
	return strings.Repeat(" ", max(0, width-len(text))) + text
}

func printLines(w io.Writer, lines []string) error {
	_, err := io.WriteString(w, strings.Join(lines, "\n")+"\n")
	return err
}
