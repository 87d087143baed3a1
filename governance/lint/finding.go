package lint

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Severity is how bad a finding is.
type Severity uint8

// The severities.
const (
	Info    Severity = iota // worth knowing
	Warning                 // valid, but refused or ignored by a peer, weak, or without effect
	Error                   // violates the schema or cannot be used
)

var severityNames = [...]string{"info", "warning", "error"}

// String returns "info", "warning" or "error".
func (s Severity) String() string { return severityNames[min(s, Error)] }

// MarshalText implements encoding.TextMarshaler.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Severity) UnmarshalText(text []byte) error {
	i := slices.Index(severityNames[:], string(text))
	if i < 0 {
		return fmt.Errorf("severity %q: expected info, warning or error", text)
	}
	*s = Severity(i)
	return nil
}

// A Finding is one thing found. Its JSON names are stable.
type Finding struct {
	Severity Severity `json:"severity"`
	File     string   `json:"file"`
	Line     int      `json:"line,omitempty"`  // of the file; zero: the whole file
	Rule     string   `json:"rule"`            // which rule found it; see Rules
	Problem  string   `json:"problem"`         // what was expected and what was found
	Mend     string   `json:"mend,omitempty"`  // what to do about it
	Peers    []string `json:"peers,omitempty"` // whom it concerns; empty: all
}

// String returns the finding as compilers write theirs.
func (f Finding) String() string {
	var b strings.Builder
	b.WriteString(f.File)
	if f.Line > 0 {
		fmt.Fprintf(&b, ":%d", f.Line)
	}
	fmt.Fprintf(&b, ": %v: %s", f.Severity, f.Problem)
	if f.Mend != "" {
		b.WriteString("; " + f.Mend)
	}
	b.WriteString(" [" + f.Rule)
	if len(f.Peers) > 0 {
		b.WriteString(": " + strings.Join(f.Peers, ", "))
	}
	b.WriteString("]")
	return b.String()
}

// Count returns how many findings are errors and how many are warnings.
func Count(list []Finding) (errors, warnings int) {
	for _, f := range list {
		switch f.Severity {
		case Error:
			errors++
		case Warning:
			warnings++
		}
	}
	return errors, warnings
}

// Sort puts findings in the order of files and lines and drops those that are
// there twice.
func Sort(list []Finding) []Finding {
	slices.SortStableFunc(list, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(b.Severity, a.Severity),
			cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Problem, b.Problem))
	})
	return slices.CompactFunc(list, func(a, b Finding) bool {
		return a.File == b.File && a.Line == b.Line && a.Rule == b.Rule && a.Problem == b.Problem
	})
}
