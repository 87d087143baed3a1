package governance

import (
	"fmt"
	"strings"
)

// An Error says what is wrong with a document.
type Error struct {
	Document string // "governance.p7s"
	Line     int    // of the XML; zero: not known
	Element  string // "domain_rule/rtps_protection_kind"; empty: the whole document
	Problem  string // what was expected and what was found
	Mend     string // what to do about it; may be empty
	Err      error  // the cause, if it is another error
}

// Error tells document, line, element, problem and mend, as far as they are known.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Document)
	if e.Line > 0 {
		fmt.Fprintf(&b, ", XML line %d", e.Line)
	}
	if e.Element != "" {
		b.WriteString(", <" + e.Element + ">")
	}
	b.WriteString(": " + e.Problem)
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	if e.Mend != "" {
		b.WriteString("; " + e.Mend)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
