package governance

import (
	"fmt"
	"slices"
	"strings"
)

// What DDS-Security 1.2 added to the governance document.

// Interop: RTI Connext 7.2 calls rtps_psk_protection_kind so.
const pskOldName = "rtps_preshared_secret_protection_kind"

// psk reads rtps_psk_protection_kind under either of its names.
func (r *reader) psk(n *node) Protection {
	k, old := r.opt(n, "rtps_psk_protection_kind"), r.opt(n, pskOldName)
	switch {
	case k != nil && old != nil:
		r.expect(old, "<rtps_psk_protection_kind> alone", "its older name beside it", "remove one of the two")
		return None
	case k == nil:
		k = old
	}
	if k == nil {
		return None
	}
	return r.protection(k, None, Sign, Encrypt)
}

// tags reads the <tag> and <tag_expression> elements of a domain rule.
func (r *reader) tags(n *node) []TagExpression {
	var list []TagExpression
	for _, k := range n.kids {
		if k.name == "tag" || k.name == "tag_expression" {
			list = append(list, TagExpression{r.leaf(k, "a domain tag", true), k.name == "tag"})
		}
	}
	return list
}

// Algorithms are those allowed_security_algorithms names.
//
// The names of the elements inside it are in no source that could be read. So
// all texts in it are taken for names of algorithms, separated by commas or
// space; they are unique across the kinds.
type Algorithms struct {
	Line  int // of the XML
	Names []string
}

// maxAlgorithms is more than all that there are.
const maxAlgorithms = 256

func (r *reader) algorithms(n *node) *Algorithms {
	a := &Algorithms{Line: n.line}
	var walk func(*node)
	walk = func(n *node) {
		for _, k := range n.kids {
			walk(k)
		}
		if len(n.kids) > 0 || r.err != nil {
			return
		}
		for _, name := range strings.FieldsFunc(n.text, func(c rune) bool { return c == ',' || c == ' ' || c == '\n' || c == '\r' || c == '\t' }) {
			if !slices.Contains(a.Names, name) {
				a.Names = append(a.Names, name)
			}
		}
		if len(a.Names) > maxAlgorithms {
			r.expect(n, fmt.Sprintf("at most %d algorithms", maxAlgorithms), "more", "")
		}
	}
	walk(n)
	if len(a.Names) == 0 {
		r.expect(n, "names of algorithms", "none", "remove the element: no algorithm at all cannot be meant")
	}
	return a
}

// Missing returns those of names that a does not allow. A nil a allows all.
func (a *Algorithms) Missing(names ...string) []string {
	if a == nil {
		return nil
	}
	var missing []string
	for _, n := range names {
		if !slices.Contains(a.Names, n) {
			missing = append(missing, n)
		}
	}
	return missing
}
