package governance

import (
	"fmt"
	"strings"
)

// An Error says what is wrong with a document, in fields.
type Error struct {
	Document string // "governance.p7s"
	Rule     string // of the document: "<domain_rule/rtps_protection_kind>", "grant /talker"; empty: the whole
	Line     int    // of the XML, from 1; zero: not known
	Expected string // what should be there
	Found    string // what is there
	Problem  string // what is wrong, where Expected and Found do not say it
	Remedy   string // what to do about it; may be empty
	Err      error  // the cause, if it is another error
}

// Error tells document, line, rule, problem and remedy, as far as they are known.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Document)
	if e.Line > 0 {
		fmt.Fprintf(&b, ", XML line %d", e.Line)
	}
	if e.Rule != "" {
		b.WriteString(", " + e.Rule)
	}
	if s := e.Summary(); s != "" {
		b.WriteString(": " + s)
	}
	if e.Remedy != "" {
		b.WriteString("; " + e.Remedy)
	}
	return b.String()
}

// Summary is what Error tells of the problem itself.
func (e *Error) Summary() string {
	var parts []string
	if e.Problem != "" {
		parts = append(parts, e.Problem)
	}
	switch {
	case e.Expected != "" && e.Found != "":
		parts = append(parts, "expected "+e.Expected+", found "+e.Found)
	case e.Expected != "":
		parts = append(parts, "expected "+e.Expected)
	case e.Found != "":
		parts = append(parts, "found "+e.Found)
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	return strings.Join(parts, ": ")
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
