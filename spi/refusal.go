package spi

import (
	"strconv"
	"strings"
)

// A Refusal is why a plugin refuses, in fields: what an error says in words,
// for those who file, search or show it. Plugins wrap one in the errors they
// return; [errors.As] finds it. Every field may be empty.
type Refusal struct {
	Document string // the file, or what stands for it: "permissions of CN=talker"
	Rule     string // the rule, element or field: "grant talker, allow_rule 2, publish"
	Line     int    // of the rule in the document, from 1; 0: not known
	Expected string // what the rule asks for
	Found    string // what was there instead
	Remedy   string // how to mend it
	Err      error  // the cause, if there is one
}

// Error puts the fields into a sentence.
func (r *Refusal) Error() string {
	var b strings.Builder
	b.WriteString(r.Document)
	if r.Line > 0 {
		b.WriteString(":" + strconv.Itoa(r.Line))
	}
	part := func(before, s string) {
		if s == "" {
			return
		}
		if b.Len() > 0 {
			b.WriteString(before)
		}
		b.WriteString(s)
	}
	part(": ", r.Rule)
	if r.Expected != "" {
		part(": ", "expected "+r.Expected)
	}
	if r.Found != "" {
		part(", ", "found "+r.Found)
	}
	if r.Err != nil {
		part(": ", r.Err.Error())
	}
	part("; ", r.Remedy)
	return b.String()
}

// Unwrap returns the cause.
func (r *Refusal) Unwrap() error { return r.Err }
