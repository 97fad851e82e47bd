package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/backstay-go/backstay/benchmarks"
)

// write prints the table, as Markdown that reads well as text too.
func write(w io.Writer, results []result, rounds int, turn time.Duration) {
	fmt.Fprintf(w, "# Side by side\n\n%s\n", machine())
	fmt.Fprintf(w, "Medians of %d turns of %v, taken in rotation. A ratio is ours divided by theirs: below 1 we are faster, or smaller.\n\n", rounds, turn)
	lines := [][]string{{"what", "callers", "ours", "rival", "theirs", "ratio", "allocs", "goal", "verdict"}}
	for _, r := range results {
		lines = append(lines, r.lines()...)
	}
	writeTable(w, lines)
}

// lines returns a line for each rival of a row. What belongs to the row stands
// in the first.
func (r result) lines() [][]string {
	var lines [][]string
	for i, theirs := range r.figures[1:] {
		rival := r.row.Impls[i+1].Name
		allocs := ""
		if r.row.Unit == "" {
			allocs = fmt.Sprintf("%d / %d", r.figures[0].allocs, theirs.allocs)
		}
		line := []string{"", "", "", rival, r.show(theirs.value), fmt.Sprintf("%.2f", theirs.ratio), allocs, "", ""}
		if i == 0 {
			line[0], line[1], line[2] = r.row.Name, fmt.Sprint(r.row.Callers), r.show(r.figures[0].value)
			line[7], line[8] = r.goal(), r.verdict()
		}
		lines = append(lines, line)
	}
	return lines
}

func (r result) show(value float64) string {
	unit := cmp.Or(r.row.Unit, "ns")
	if value >= 100 {
		return fmt.Sprintf("%.0f %s", value, unit)
	}
	return fmt.Sprintf("%.1f %s", value, unit)
}

func (r result) goal() string {
	var parts []string
	if goal := r.row.Goal.Ratio; goal > 0 {
		parts = append(parts, fmt.Sprintf("<= %.2f", goal))
	}
	if goal := r.row.Goal.Value; goal > 0 {
		parts = append(parts, fmt.Sprintf("<= %g %s", goal, r.row.Unit))
	}
	if r.row.Unit == "" && parts != nil {
		parts = append(parts, fmt.Sprintf("%d allocs", r.row.Goal.Allocs))
	}
	return strings.Join(parts, ", ")
}

func writeTable(w io.Writer, lines [][]string) {
	widths := make([]int, len(lines[0]))
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for n, line := range lines {
		for i, cell := range line {
			fmt.Fprintf(w, "| %-*s ", widths[i], cell)
		}
		fmt.Fprintln(w, "|")
		if n == 0 {
			for _, width := range widths {
				fmt.Fprintf(w, "| %s ", strings.Repeat("-", width))
			}
			fmt.Fprintln(w, "|")
		}
	}
}

// machine says what the figures were measured on, and against which versions.
func machine() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s/%s, %d of the cores of %s.\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, benchmarks.Cores, processor())
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dep := range info.Deps {
			if isRival(dep.Path) {
				fmt.Fprintf(&b, "- %s %s\n", dep.Path, dep.Version)
			}
		}
	}
	return b.String()
}

func isRival(path string) bool {
	for _, rival := range []string{
		"avast/retry-go", "cenkalti/backoff", "failsafe-go/failsafe-go", "go-kratos/aegis",
		"hashicorp/go-retryablehttp", "sony/gobreaker", "golang.org/x/sync", "golang.org/x/time",
	} {
		if strings.Contains(path, rival) {
			return true
		}
	}
	return false
}

// processor returns the model of the processor, where the system tells it.
func processor() string {
	file, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "an unknown processor"
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "an unknown processor"
}
