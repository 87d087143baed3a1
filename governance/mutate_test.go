package governance

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// An element of a document that is to be spoiled.
type element struct {
	name string
	text string
	kids []*element
}

func elements(t *testing.T, doc string) (root *element, all []*element) {
	top := &element{}
	stack := []*element{top}
	for d := xml.NewDecoder(strings.NewReader(doc)); ; {
		tok, err := d.Token()
		if err != nil {
			require.EqualError(t, err, "EOF")
			return top.kids[0], all
		}
		at := stack[len(stack)-1]
		switch tok := tok.(type) {
		case xml.StartElement:
			e := &element{name: tok.Name.Local}
			at.kids = append(at.kids, e)
			all, stack = append(all, e), append(stack, e)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			at.text += strings.TrimSpace(string(tok))
		}
	}
}

// write writes e, and what spoil makes of the elements inside it.
func (e *element) write(b *bytes.Buffer, spoil func(*element) []*element) {
	for _, e := range spoil(e) {
		fmt.Fprintf(b, "<%s>", e.name)
		b.WriteString(e.text) // not escaped: it may hold an entity
		for _, k := range e.kids {
			k.write(b, spoil)
		}
		fmt.Fprintf(b, "</%s>", strings.Fields(e.name)[0])
	}
}

// Each element of both documents blank, missing, there twice, unknown, with an
// unknown one inside and with an entity: refused, save where the schema lets it.
func TestEveryElementSpoiled(t *testing.T) {
	// Lists, of which one more or one less is another document, not a wrong one.
	lists := []string{"domain_rule", "topic_rule", "grant", "allow_rule", "deny_rule", "publish", "subscribe", "relay",
		"id", "id_range", "topic", "partition", "tag"}
	optional := []string{"allow_rule", "deny_rule", "publish", "subscribe", "relay", "partitions", "data_tags", "min", "max"}
	spoils := []struct {
		name string
		do   func(*element) []*element
		may  func(e *element, siblings int) bool // be accepted
	}{
		{"blank", func(e *element) []*element { return []*element{{name: e.name}} },
			func(e *element, _ int) bool { return e.name == "partition" || e.name == "value" }},
		{"missing", func(*element) []*element { return nil }, func(e *element, siblings int) bool {
			return slices.Contains(optional, e.name) && (e.name != "min" && e.name != "max" || siblings == 2) || slices.Contains(lists, e.name) && siblings > 1
		}},
		{"twice", func(e *element) []*element { return []*element{e, e} },
			func(e *element, _ int) bool { return slices.Contains(lists, e.name) }},
		{"unknown", func(e *element) []*element { return []*element{{e.name + "_x", e.text, e.kids}} }, nil},
		{"unknown but to be skipped", func(e *element) []*element {
			return []*element{e, {name: `new_x must_interpret="false"`, text: e.text}}
		}, func(e *element, _ int) bool { return e.name != "dds" }},
		{"unknown inside", func(e *element) []*element {
			return []*element{{e.name, e.text, append(slices.Clone(e.kids), &element{name: "new_x"})}}
		}, nil},
		{"text where elements are", func(e *element) []*element { return []*element{{e.name, e.text + "x", e.kids}} },
			func(e *element, _ int) bool { return len(e.kids) == 0 }}, // of leaves the values are tried elsewhere
		{"an entity", func(e *element) []*element { return []*element{{e.name, "&x;" + e.text, e.kids}} }, nil},
		{"a declared entity", func(e *element) []*element {
			return []*element{{e.name, "<!ENTITY x 'y'>" + e.text, e.kids}}
		}, nil},
	}
	for _, doc := range []string{"governance_sros2.xml", "governance_rules.xml", "permissions.xml"} {
		text := read(t, doc)
		root, all := elements(t, text)
		siblings := map[*element]int{root: 1}
		for _, e := range all {
			for _, k := range e.kids {
				siblings[k] = len(e.kids)
				if e.name == "topics" || e.name == "partitions" || e.name == "domains" || slices.Contains(lists, k.name) {
					siblings[k] = 0
					for _, o := range e.kids {
						if o.name == k.name || e.name == "domains" {
							siblings[k]++
						}
					}
				}
			}
		}
		accepted := 0
		for _, s := range spoils {
			for i, e := range all {
				var b bytes.Buffer
				hit := false
				root.write(&b, func(at *element) []*element {
					if at != e || hit {
						return []*element{at}
					}
					hit = true
					return s.do(at)
				})
				var err error
				if strings.HasPrefix(doc, "governance") {
					_, err = ParseGovernance(b.Bytes())
				} else {
					_, err = ParsePermissions(b.Bytes())
				}
				may := s.may != nil && s.may(e, siblings[e])
				if s.name == "text where elements are" && may {
					continue
				}
				require.Equal(t, may, err == nil, "%s: element %d <%s> %s: %v\n%s", doc, i, e.name, s.name, err, b.String())
				if err == nil {
					accepted++
					continue
				}
				var is *Error
				require.ErrorAs(t, err, &is)
				require.NotEmpty(t, is.Summary())
			}
		}
		require.Positive(t, accepted)
	}
}

// Dates of xsd:dateTime, and what only looks like one.
func TestDates(t *testing.T) {
	good := read(t, "permissions.xml")
	for text, want := range map[string]string{
		"2026-01-01T00:00:00":              "2026-01-01T00:00:00Z",
		"2026-01-01T00:00:00Z":             "2026-01-01T00:00:00Z",
		"2026-01-01T00:00:00+02:00":        "2025-12-31T22:00:00Z",
		"2026-01-01T00:00:00-14:00":        "2026-01-01T14:00:00Z",
		"2026-01-01T00:00:00.5":            "2026-01-01T00:00:00.5Z",
		"2026-01-01T00:00:00.123456789012": "2026-01-01T00:00:00.123456789Z",
		"2026-01-01T00:00:00.25-01:30":     "2026-01-01T01:30:00.25Z",
		"2024-02-29T23:59:59Z":             "2024-02-29T23:59:59Z",
		"0001-01-01T00:00:00":              "0001-01-01T00:00:00Z",

		"2026-01-01":                        "",
		"00:00:00":                          "",
		"2026-01-01 00:00:00":               "",
		"2026-01-01T0:00:00":                "",
		"2026-1-1T00:00:00":                 "",
		"2026-01-01T00:00":                  "",
		"2026-01-01T00:00:00z":              "",
		"2026-01-01T00:00:00,5":             "",
		"2026-01-01T00:00:00.":              "",
		"2026-01-01T00:00:00.Z":             "",
		"2026-01-01T00:00:00.1234567890123": "",
		"2026-01-01T00:00:00+2":             "",
		"2026-01-01T00:00:00+0200":          "",
		"2026-01-01T00:00:00+14:01":         "",
		"2026-01-01T00:00:00+02:60":         "",
		"2026-01-01T00:00:00+24:00":         "",
		"2026-01-01T00:00:00ZZ":             "",
		"2026-01-01T00:00:60":               "",
		"2026-01-01T24:00:00":               "",
		"2026-13-01T00:00:00":               "",
		"2026-00-01T00:00:00":               "",
		"2026-01-32T00:00:00":               "",
		"2026-02-29T00:00:00":               "",
		"0000-01-01T00:00:00":               "",
		"-2026-01-01T00:00:00":              "",
		"+2026-01-01T00:00:00":              "",
		"20260-01-01T00:00:00":              "",
		"99999-01-01T00:00:00":              "",
		"２０２６-01-01T00:00:00":               "",
		"2026-01-01T00:00:00 UTC":           "",
		"yesterday":                         "",
	} {
		p, err := ParsePermissions([]byte(strings.Replace(good, "<not_before>2026-01-01T00:00:00<", "<not_before>"+text+"<", 1)))
		if want == "" {
			require.ErrorContains(t, err, "<grant/validity/not_before>: expected a time such as", text)
			continue
		}
		require.NoError(t, err, text)
		require.Equal(t, want, p.Grants[0].NotBefore.Format("2006-01-02T15:04:05.999999999Z07:00"), text)
	}
}
