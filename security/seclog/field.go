package seclog

import (
	"strings"
	"unicode/utf8"

	"github.com/secdds/dds/spi"
)

// A Field is one fact of an event. Its value is a string, an int or a uint64.
type Field struct {
	Name  string
	Value any
}

// longest is how many octets of a text are written.
const longest = 2048

// Fields returns what an event says besides its time and its What, in this
// order, without what is empty: severity (a name of the standard), plugin,
// domain, local, remote (GUIDs), subject, topic, document, rule, line, expected,
// found, remedy, count, error.
func Fields(e *spi.SecurityEvent) []Field {
	fs := make([]Field, 0, 15)
	text := func(name, s string) {
		if s != "" {
			fs = append(fs, Field{name, clean(s)})
		}
	}
	text("severity", e.Severity.String())
	text("plugin", e.Plugin)
	fs = append(fs, Field{"domain", int(e.Domain)})
	if !e.Local.IsZero() {
		text("local", e.Local.String())
	}
	if !e.Remote.IsZero() {
		text("remote", e.Remote.String())
	}
	text("subject", e.Subject)
	text("topic", e.Topic)
	text("document", e.Document)
	text("rule", e.Rule)
	if e.Line > 0 {
		fs = append(fs, Field{"line", e.Line})
	}
	text("expected", e.Expected)
	text("found", e.Found)
	text("remedy", e.Remedy)
	if e.Count > 0 {
		fs = append(fs, Field{"count", e.Count})
	}
	if e.Err != nil {
		text("error", e.Err.Error())
	}
	return fs
}

// clean makes a text that others may have made fit for a log: valid UTF-8
// without control characters, of bounded length.
func clean(s string) string {
	if len(s) > longest {
		cut := longest
		for cut > longest-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut] + "…"
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0x2028 || r == 0x2029 || r >= 0x80 && r < 0xa0 {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}
