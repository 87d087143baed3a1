package lint

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/secdds/dds/governance"
)

// A node is an element with its place.
type node struct {
	name  string
	up    *node
	raw   string // the text as it stands
	text  string // without space around it
	line  int
	attrs []xml.Attr
	kids  []*node
	after int // line of a comment behind the last element inside; zero: none
}

func (n *node) path() string {
	if n.up == nil || n.up.up == nil || n.up.name == "" {
		return n.name
	}
	return n.up.name + "/" + n.name
}

func (n *node) attr(name string) (string, bool) {
	for _, a := range n.attrs {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value, true
		}
	}
	return "", false
}

// find returns the first child of that name, in any case; never nil.
func (n *node) find(name string) *node {
	for _, k := range n.kids {
		if strings.EqualFold(k.name, name) {
			return k
		}
	}
	return &node{up: n, line: n.line}
}

// all returns the descendants of that name, in order.
func (n *node) all(name string) []*node {
	var list []*node
	for _, k := range n.kids {
		if strings.EqualFold(k.name, name) {
			list = append(list, k)
		}
		list = append(list, k.all(name)...)
	}
	return list
}

const (
	maxDepth    = 64
	maxElements = 1 << 17
)

// A linter collects the findings about one file.
type linter struct {
	file string
	line int // of the file, where the XML begins; zero: the XML is not in clear
	list []Finding
}

// add notes a finding at a line of the XML; zero: the whole file.
func (l *linter) add(s Severity, line int, rule, problem, mend string, peers ...string) {
	if line > 0 && l.line > 0 {
		line += l.line - 1
	}
	l.list = append(l.list, Finding{Severity: s, File: l.file, Line: line, Rule: rule, Problem: problem, Mend: mend, Peers: peers})
}

// parse reads the elements. It returns nil where there is no tree to look at,
// after having told why.
func (l *linter) parse(text []byte) *node {
	if len(text) > governance.MaxXML {
		l.add(Error, 0, "xml", fmt.Sprintf("the document has %d octets, at most %d are read", len(text), governance.MaxXML), "")
		return nil
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	d := xml.NewDecoder(bytes.NewReader(text))
	top := &node{}
	stack, elements := []*node{top}, 0
	for {
		line, _ := d.InputPos()
		tok, err := d.Token()
		at := stack[len(stack)-1]
		switch {
		case errors.Is(err, io.EOF) && len(top.kids) == 1:
			return top.kids[0]
		case errors.Is(err, io.EOF):
			l.add(Error, 1, "xml", fmt.Sprintf("expected one root element <dds>, found %d", len(top.kids)), "")
			return nil
		case err != nil:
			line, _ = d.InputPos()
			l.add(Error, line, "xml", "not well-formed XML: "+err.Error(), "")
			return nil
		}
		switch tok := tok.(type) {
		case xml.Directive:
			l.add(Error, line, "doctype", "found a document type declaration (<!…>); entities are never expanded", "remove it")
		case xml.Comment:
			at.after = line
		case xml.StartElement:
			elements++
			if len(stack) > maxDepth || elements > maxElements {
				l.add(Error, line, "xml", fmt.Sprintf("expected at most %d levels and %d elements", maxDepth, maxElements), "")
				return nil
			}
			n := &node{name: tok.Name.Local, up: at, line: line, attrs: slices.Clone(tok.Attr)}
			at.kids, at.after = append(at.kids, n), 0
			stack = append(stack, n)
		case xml.EndElement:
			at.text = strings.TrimSpace(at.raw)
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if len(at.raw) <= 4*governance.MaxExpression {
				at.raw += string(tok)
			}
		}
	}
}
