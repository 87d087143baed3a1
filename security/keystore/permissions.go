package keystore

import "time"

// A Grant is what a permissions document grants to one subject.
// DDS-Security 1.1, 9.4.1.3.
type Grant struct {
	Name                string // of the grant; empty: the subject
	Subject             string // RFC 4514: "CN=/talker"
	NotBefore, NotAfter time.Time
	Rules               []Rule // the first applicable one decides
	DefaultAllow        bool   // what holds when no rule applies
}

// A Rule is an allow_rule or a deny_rule.
type Rule struct {
	Deny      bool
	Domains   []Domains // empty: AllDomains
	Publish   []Criteria
	Subscribe []Criteria
	Relay     []Criteria
}

// A Criteria names topics, and the partitions and data tags they are limited to.
type Criteria struct {
	Topics     []string // expressions; at least one
	Partitions []string // expressions; empty: the default partition alone
	Tags       [][2]string
}

// Topics is a Criteria of topic expressions only.
func Topics(expressions ...string) []Criteria { return []Criteria{{Topics: expressions}} }

// Allow returns an allow rule for these publish and subscribe expressions in every domain.
func Allow(publish, subscribe []string) Rule {
	var r Rule
	if len(publish) > 0 {
		r.Publish = Topics(publish...)
	}
	if len(subscribe) > 0 {
		r.Subscribe = Topics(subscribe...)
	}
	return r
}

// AllowAll returns the rule that allows to publish and subscribe everything:
// in the default partition and, as a second criteria, in any partition.
func AllowAll() Rule {
	all := []Criteria{{Topics: []string{"*"}}, {Topics: []string{"*"}, Partitions: []string{"*"}}}
	return Rule{Publish: all, Subscribe: all}
}

// PermissionsXML returns a permissions document, unsigned.
func PermissionsXML(grants ...Grant) []byte {
	w := &writer{}
	w.open(`dds xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="http://www.omg.org/spec/DDS-SECURITY/20170901/omg_shared_ca_permissions.xsd"`)
	w.open("permissions")
	for _, g := range grants {
		w.grant(g)
	}
	w.close("permissions")
	w.close("dds")
	return w.bytes()
}

func (w *writer) grant(g Grant) {
	if g.Name == "" {
		g.Name = g.Subject
	}
	w.open("grant name=" + attr(g.Name))
	w.leaf("subject_name", g.Subject)
	w.open("validity")
	// Interop: Fast DDS ignores a zone and reads local time; no zone is UTC
	// to everybody else.
	w.leaf("not_before", g.NotBefore.UTC().Format("2006-01-02T15:04:05"))
	w.leaf("not_after", g.NotAfter.UTC().Format("2006-01-02T15:04:05"))
	w.close("validity")
	for _, r := range g.Rules {
		tag := "allow_rule"
		if r.Deny {
			tag = "deny_rule"
		}
		w.open(tag)
		w.domains(r.Domains)
		w.criteria("publish", r.Publish)
		w.criteria("subscribe", r.Subscribe)
		w.criteria("relay", r.Relay)
		w.close(tag)
	}
	def := "DENY"
	if g.DefaultAllow {
		def = "ALLOW"
	}
	w.leaf("default", def)
	w.close("grant")
}

func (w *writer) criteria(tag string, list []Criteria) {
	for _, c := range list {
		w.open(tag)
		w.list("topics", "topic", c.Topics)
		if len(c.Partitions) > 0 {
			w.list("partitions", "partition", c.Partitions)
		}
		if len(c.Tags) > 0 {
			w.open("data_tags")
			for _, t := range c.Tags {
				w.open("tag")
				w.leaf("name", t[0])
				w.leaf("value", t[1])
				w.close("tag")
			}
			w.close("data_tags")
		}
		w.close(tag)
	}
}

func (w *writer) list(outer, inner string, values []string) {
	w.open(outer)
	for _, v := range values {
		w.leaf(inner, v)
	}
	w.close(outer)
}

func attr(v string) string {
	w := &writer{}
	w.leaf("x", v)
	s := w.b.String()
	return `"` + s[len("<x>"):len(s)-len("</x>\n")] + `"` // EscapeText left no quote in it
}
