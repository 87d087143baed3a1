package governance

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// A node is an element. Names have no namespace.
type node struct {
	name  string
	up    *node
	text  string // without space around it
	line  int
	attrs []xml.Attr
	kids  []*node
}

// path names n from the rule or grant down: the two levels above say nothing.
func (n *node) path() string {
	var names []string
	for ; n != nil; n = n.up {
		names = append(names, fmt.Sprintf("%.64s", n.name))
	}
	slices.Reverse(names)
	return strings.Join(names[min(3, len(names)-1):], "/")
}

func (n *node) attr(name string) (string, bool) {
	for _, a := range n.attrs {
		if a.Name.Local == name {
			return a.Value, true
		}
	}
	return "", false
}

// A reader takes a document apart. It keeps the first error; after that,
// everything it returns is empty and means nothing.
type reader struct {
	doc string
	err *Error
}

func (r *reader) expect(n *node, expected, found, remedy string) {
	r.report(n, Error{Expected: expected, Found: found, Remedy: remedy})
}

func (r *reader) report(n *node, e Error) {
	if r.err != nil {
		return
	}
	e.Document, e.Line = r.doc, n.line
	if path := n.path(); path != "" {
		e.Rule = "<" + path + ">"
	}
	r.err = &e
}

// parse reads the tree of elements and checks the root's name.
func (r *reader) parse(text []byte, root string) *node {
	top := &node{}
	if len(text) > MaxXML {
		r.err = &Error{
			Document: r.doc, Problem: "too large",
			Expected: fmt.Sprintf("at most %d octets", MaxXML), Found: fmt.Sprint(len(text)),
		}
		return top
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	d := xml.NewDecoder(bytes.NewReader(text))
	stack, elements := []*node{top}, 0
	for {
		line, _ := d.InputPos() // of the token's first octet
		tok, err := d.Token()
		at := stack[len(stack)-1]
		if err != nil {
			if !errors.Is(err, io.EOF) {
				line, _ = d.InputPos()
				r.err = &Error{Document: r.doc, Line: line, Problem: "not well-formed XML", Err: err}
			}
			break
		}
		switch tok := tok.(type) {
		case xml.Directive: // DOCTYPE: no entities are ever declared
			r.err = &Error{Document: r.doc, Line: line, Found: "a document type declaration (<!…>)", Remedy: "remove it: entities are not expanded"}
		case xml.StartElement:
			n := &node{name: tok.Name.Local, up: at, line: line, attrs: slices.Clone(tok.Attr)}
			elements++
			if len(stack) > maxDepth || elements > maxElements {
				r.expect(n, fmt.Sprintf("at most %d levels and %d elements", maxDepth, maxElements), "more", "")
			}
			at.kids = append(at.kids, n)
			stack = append(stack, n)
		case xml.EndElement:
			at.text = strings.TrimSpace(at.text)
			if at.text != "" && len(at.kids) > 0 {
				r.expect(at, "elements only", fmt.Sprintf("the text %.40q", at.text), "")
			}
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if len(at.text)+len(tok) > 4*MaxExpression {
				if len(bytes.TrimSpace(tok)) > 0 {
					r.report(at, Error{Problem: "text too long", Expected: fmt.Sprintf("at most %d octets", MaxExpression)})
				}
				break
			}
			at.text += string(tok)
		}
		if r.err != nil {
			return top
		}
	}
	if r.err == nil && (len(top.kids) != 1 || top.kids[0].name != root) {
		found := "nothing"
		if len(top.kids) > 0 {
			found = "<" + top.kids[0].name + ">"
		}
		r.expect(top, fmt.Sprintf("one root element <%s>", root), found, "")
	}
	if r.err != nil {
		return top
	}
	return top.kids[0]
}

// known refuses elements that are not in names. What must be interpreted and
// is not understood cannot be obeyed; DDS-Security 1.2 marks what may be
// skipped with must_interpret="false".
func (r *reader) known(n *node, names ...string) {
	if r.err == nil && n.text != "" {
		r.expect(n, "elements only", fmt.Sprintf("the text %.40q", n.text), "")
	}
	n.kids = slices.DeleteFunc(n.kids, func(k *node) bool {
		if slices.Contains(names, k.name) {
			return false
		}
		if v, ok := k.attr("must_interpret"); ok && (v == "false" || v == "0") {
			return true
		}
		r.report(k, Error{
			Problem: "unknown element", Expected: "one of " + strings.Join(names, ", "), Found: fmt.Sprintf("%.64s", k.name),
			Remedy: `remove it, or let it be skipped with must_interpret="false"`,
		})
		return true
	})
}

// all returns the children of that name; at least one is expected.
func (r *reader) all(n *node, name string) []*node {
	var list []*node
	for _, k := range n.kids {
		if k.name == name {
			list = append(list, k)
		}
	}
	if len(list) == 0 {
		r.expect(n, fmt.Sprintf("an element <%s>", name), "none", "")
	}
	return list
}

// one returns the only child of that name.
func (r *reader) one(n *node, name string) *node {
	list := r.all(n, name)
	if len(list) == 0 {
		return &node{}
	}
	if len(list) > 1 {
		r.expect(list[1], fmt.Sprintf("one element <%s>", name), fmt.Sprint(len(list)), "remove all but one")
	}
	return list[0]
}

// opt returns the only child of that name, or nil.
func (r *reader) opt(n *node, name string) *node {
	for _, k := range n.kids {
		if k.name == name {
			return r.one(n, name)
		}
	}
	return nil
}

// leaf refuses elements inside n and, unless blank is set, a blank text.
func (r *reader) leaf(n *node, expected string, blank bool) string {
	switch {
	case len(n.kids) > 0:
		r.expect(n, expected, fmt.Sprintf("the element <%s>", n.kids[0].name), "")
	case n.text == "" && !blank:
		r.expect(n, expected, "nothing", "")
	case len(n.text) > MaxExpression:
		r.report(n, Error{
			Problem: "text too long", Expected: fmt.Sprintf("at most %d octets", MaxExpression), Found: fmt.Sprint(len(n.text)),
		})
	}
	return n.text
}

func (r *reader) bool(n *node) bool {
	const expected = "true or false"
	switch text := r.leaf(n, expected, false); strings.ToLower(text) {
	case "true", "1":
		return true
	case "false", "0", "":
	default:
		r.expect(n, expected, fmt.Sprintf("%q", text), "")
	}
	return false
}

func (r *reader) protection(n *node, allowed ...Protection) Protection {
	names := make([]string, len(allowed))
	for i, p := range allowed {
		names[i] = p.String()
	}
	expected := strings.Join(names, ", ")
	text := r.leaf(n, expected, false)
	if i := slices.IndexFunc(names, func(s string) bool { return strings.EqualFold(s, text) }); i >= 0 {
		return allowed[i]
	}
	r.expect(n, "one of "+expected, fmt.Sprintf("%q", text), "")
	return None
}

func (r *reader) uint32(n *node) uint32 {
	const expected = "a domain id (0 to 232)"
	text := r.leaf(n, expected, false)
	v, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		r.expect(n, expected, fmt.Sprintf("%q", text), "")
	}
	return uint32(v)
}

// A Range is a range of domain ids, both ends included.
type Range struct{ Min, Max uint32 }

// domains reads a domain id set. DDS-Security 1.1, 9.4.1.2.4: a range with one
// end is open at the other.
func (r *reader) domains(n *node) []Range {
	r.known(n, "id", "id_range")
	if len(n.kids) == 0 {
		r.expect(n, "<id> or <id_range>", "none", "")
	}
	list := make([]Range, 0, len(n.kids))
	for _, k := range n.kids {
		if k.name == "id" {
			v := r.uint32(k)
			list = append(list, Range{v, v})
			continue
		}
		r.known(k, "min", "max")
		d := Range{0, 1<<32 - 1}
		lo, hi := r.opt(k, "min"), r.opt(k, "max")
		if lo == nil && hi == nil {
			r.expect(k, "<min> or <max>", "none", "")
		}
		if lo != nil {
			d.Min = r.uint32(lo)
		}
		if hi != nil {
			d.Max = r.uint32(hi)
		}
		if d.Min > d.Max {
			r.expect(k, "min up to max", fmt.Sprintf("min %d above max %d", d.Min, d.Max), "swap them")
		}
		list = append(list, d)
	}
	return list
}

func inRanges(list []Range, domain uint32) bool {
	return slices.ContainsFunc(list, func(d Range) bool { return d.Min <= domain && domain <= d.Max })
}

func rangesText(list []Range) string {
	var b strings.Builder
	for i, d := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		if i == 16 {
			b.WriteString("…")
			break
		}
		fmt.Fprint(&b, d.Min)
		switch {
		case d.Max == 1<<32-1:
			b.WriteString(" and above")
		case d.Max != d.Min:
			fmt.Fprintf(&b, "–%d", d.Max)
		}
	}
	return b.String()
}
