package config

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Mistake is one thing that is wrong with a configuration.
type Mistake struct {
	// File is the name of the file. It is empty for a configuration made in code.
	File string
	// Line and Column are where in the file, counted from 1; zero if the mistake
	// has no place.
	Line, Column int
	// Path is where in the tree, such as routes[0].upstream.
	Path string
	// Text says what is wrong, and what to write instead.
	Text string

	source  string // the line of the file
	width   int    // how many characters are wrong
	unknown bool   // it is a name that no field has
}

// String returns the place and the text in one line, such as
//
//	gateway.yaml:7:13: no upstream is named "user": did you mean "users"?
func (m Mistake) String() string {
	switch {
	case m.Line > 0:
		return fmt.Sprintf("%s:%d:%d: %s", m.File, m.Line, m.Column, m.Text)
	case m.File != "":
		return m.File + ": " + m.Text
	case m.Path != "" && !strings.HasPrefix(m.Text, m.Path):
		return m.Path + ": " + m.Text
	default:
		return m.Text
	}
}

// excerpt returns the line of the file with carets below what is wrong.
func (m Mistake) excerpt() string {
	if m.Line == 0 {
		return ""
	}
	number := fmt.Sprintf("%5d", m.Line)
	blank := strings.Repeat(" ", len(number))
	carets := max(1, min(m.width, utf8.RuneCountInString(m.source)-m.Column+1))
	return fmt.Sprintf("%s | %s\n%s | %s%s\n", number, m.source, blank, indent(m.source, m.Column-1), strings.Repeat("^", carets))
}

// indent returns what is as wide on a terminal as the first n characters of
// line: tabs stay tabs.
func indent(line string, n int) string {
	var b strings.Builder
	for i, r := range []rune(line) {
		if i >= n {
			break
		}
		if r != '\t' {
			r = ' '
		}
		b.WriteRune(r)
	}
	b.WriteString(strings.Repeat(" ", max(0, n-utf8.RuneCountInString(line))))
	return b.String()
}

// Mistakes is the error for a configuration that cannot be used. It holds every
// mistake that could be found, in the order of the file.
type Mistakes []Mistake

// Error returns a line for each mistake.
func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i, mistake := range m {
		lines[i] = mistake.String()
	}
	return strings.Join(lines, "\n")
}

// Report returns a text with each mistake and the line of the file it is in.
func (m Mistakes) Report() string {
	var b strings.Builder
	for _, mistake := range m {
		b.WriteString(mistake.String() + "\n" + mistake.excerpt())
	}
	return b.String()
}

// sorted orders the mistakes by their place.
func (m Mistakes) sorted() Mistakes {
	slices.SortStableFunc(m, func(a, b Mistake) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return m
}

// finding is a mistake whose place is not known.
type finding struct {
	path    string
	text    string
	missing bool // something is missing at path
}

// findings collects mistakes by their path.
type findings []finding

func (f *findings) add(path, format string, args ...any) {
	*f = append(*f, finding{path: path, text: fmt.Sprintf(format, args...)})
}

// miss notes that something mandatory is missing at path. It is not reported
// where an unknown field may be what was meant.
func (f *findings) miss(path, format string, args ...any) {
	*f = append(*f, finding{path: path, text: fmt.Sprintf(format, args...), missing: true})
}
