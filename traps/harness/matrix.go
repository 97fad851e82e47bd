package harness

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/backstay-go/backstay/traps/driver"
	"github.com/backstay-go/backstay/traps/scenario"
)

// Matrix is every trap against every implementation.
type Matrix struct {
	Impls []*driver.Implementation
	Traps []scenario.Trap
	// Cells holds the result of a trap by the name of the implementation and the
	// trap's ID.
	Cells map[string]map[string]Result
}

// Totals counts the verdicts of one implementation.
func (m *Matrix) Totals(impl string) (pass, fail int) {
	for _, r := range m.Cells[impl] {
		switch r.Verdict {
		case Pass:
			pass++
		case Fail:
			fail++
		}
	}
	return pass, fail
}

// WriteText writes the matrix for a terminal.
func (m *Matrix) WriteText(w io.Writer) error {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprint(tab, "#\ttrap")
	for _, impl := range m.Impls {
		fmt.Fprintf(tab, "\t%s", impl.Name)
	}
	fmt.Fprintln(tab)
	for _, trap := range m.Traps {
		fmt.Fprintf(tab, "%s\t%s", trap.ID, trap.Text)
		for _, impl := range m.Impls {
			fmt.Fprintf(tab, "\t%s", m.cell(impl, trap, map[Verdict]string{Pass: "ok", Fail: "FAIL", Missing: "-"}))
		}
		fmt.Fprintln(tab)
	}
	m.totalsRow(tab, "\t", "")
	if err := tab.Flush(); err != nil {
		return err
	}
	return m.writeReasons(w, "", "  ")
}

// WriteMarkdown writes the matrix for MATRIX.md.
func (m *Matrix) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	b.WriteString(preamble)
	b.WriteString("| # | trap |")
	for _, impl := range m.Impls {
		fmt.Fprintf(&b, " %s |", heading(impl))
	}
	b.WriteString("\n|---|---|" + strings.Repeat(":-:|", len(m.Impls)) + "\n")
	for _, trap := range m.Traps {
		fmt.Fprintf(&b, "| %s | %s |", trap.ID, trap.Text)
		for _, impl := range m.Impls {
			fmt.Fprintf(&b, " %s |", m.cell(impl, trap, map[Verdict]string{Pass: "✓", Fail: "**✗**", Missing: "–"}))
		}
		b.WriteByte('\n')
	}
	m.totalsRow(&b, " | ", "| ")
	b.WriteString("\n## What was observed\n")
	if _, err := io.WriteString(w, b.String()); err != nil {
		return err
	}
	return m.writeReasons(w, "### ", "- ")
}

const preamble = `# The trap suite: what happened

Each row is a way in which reliability code goes wrong in the field, and says how
a correct implementation behaves. ✓ it does, **✗** it does not, – it does not have
the feature. Each library is configured as its documentation says; see the package
rivals. The naive port is code of the kind that services copy from each other; see
the package naive.

Made by ` + "`go run ./traps/cmd/matrix -md > traps/MATRIX.md`" + `. The column of this library
is also a test, the others are a record.

`

func heading(impl *driver.Implementation) string {
	if impl.Version == "" {
		return impl.Name
	}
	return impl.Name + " " + impl.Version
}

func (m *Matrix) cell(impl *driver.Implementation, trap scenario.Trap, marks map[Verdict]string) string {
	return marks[m.Cells[impl.Name][trap.ID].Verdict]
}

// totalsRow writes how many traps each implementation passes, of those that
// apply to it.
func (m *Matrix) totalsRow(w io.Writer, separator, edge string) {
	fmt.Fprintf(w, "%s%spassed, of those that apply", edge, separator)
	for _, impl := range m.Impls {
		pass, fail := m.Totals(impl.Name)
		fmt.Fprintf(w, "%s%d/%d", separator, pass, pass+fail)
	}
	if edge != "" {
		fmt.Fprint(w, " |")
	}
	fmt.Fprintln(w)
}

// writeReasons lists what was observed where a trap failed.
func (m *Matrix) writeReasons(w io.Writer, title, bullet string) error {
	var b strings.Builder
	for _, impl := range m.Impls {
		_, fail := m.Totals(impl.Name)
		if fail == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n%s%s\n\n", title, heading(impl))
		for _, trap := range m.Traps {
			if r := m.Cells[impl.Name][trap.ID]; r.Verdict == Fail {
				fmt.Fprintf(&b, "%s%s: %s\n", bullet, trap.ID, r.Reason)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
