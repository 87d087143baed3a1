package keystore

import (
	"bytes"
	"encoding/xml"
	"fmt"

	"github.com/secdds/dds/spi"
)

// Domains is a range of domain ids, both ends included; the zero value is
// domain 0 alone.
type Domains struct{ Min, Max uint32 }

// AllDomains is every domain that all vendors take: 0 to 230.
//
// Interop: Cyclone DDS 0.10 refuses a document that names a higher domain,
// though 232 is the last that has ports.
var AllDomains = Domains{0, 230}

// A Governance is what goes into a governance document: one domain rule.
// DDS-Security 1.1, 9.4.1.2.
type Governance struct {
	Domains              []Domains // empty: AllDomains
	AllowUnauthenticated bool
	JoinAccessControl    bool
	Discovery            spi.Protection
	Liveliness           spi.Protection
	RTPS                 spi.Protection
	PSK                  spi.Protection // rtps_psk_protection_kind: NONE, SIGN or ENCRYPT. If NONE, left out: it is of 1.2
	KeyRevision          bool           // enable_key_revision. If false, left out: likewise
	Topics               []TopicRule    // first match decides; empty: a single rule "*" without protection
}

// A TopicRule is one topic_rule of a governance document.
type TopicRule struct {
	Expression           string // empty: "*"
	DiscoveryProtection  bool
	LivelinessProtection bool
	ReadAccessControl    bool
	WriteAccessControl   bool
	Metadata             spi.Protection
	Data                 spi.Protection // NONE, SIGN or ENCRYPT
}

// Protected returns a topic rule with access control and both kinds of protection.
func Protected(expression string, metadata, data spi.Protection) TopicRule {
	return TopicRule{
		Expression: expression, DiscoveryProtection: true, LivelinessProtection: true,
		ReadAccessControl: true, WriteAccessControl: true, Metadata: metadata, Data: data,
	}
}

// SROS2Governance returns the governance sros2 writes: discovery, liveliness,
// metadata and data encrypted, RTPS messages signed, everything access-controlled.
func SROS2Governance(domains ...Domains) Governance {
	return Governance{
		Domains: domains, JoinAccessControl: true,
		Discovery: spi.ProtectEncrypt, Liveliness: spi.ProtectEncrypt, RTPS: spi.ProtectSign,
		Topics: []TopicRule{Protected("*", spi.ProtectEncrypt, spi.ProtectEncrypt)},
	}
}

// UniformGovernance returns a governance that asks for the same protection
// everywhere, with access control. Payloads have no origin authentication, so
// there data takes the plain form of p.
func UniformGovernance(p spi.Protection, domains ...Domains) Governance {
	data := p
	switch p {
	case spi.ProtectSignOrigin:
		data = spi.ProtectSign
	case spi.ProtectEncryptOrigin:
		data = spi.ProtectEncrypt
	}
	return Governance{
		Domains: domains, JoinAccessControl: true, Discovery: p, Liveliness: p, RTPS: p,
		Topics: []TopicRule{Protected("*", p, data)},
	}
}

// OpenGovernance returns a governance that protects and forbids nothing:
// participants are authenticated where they can be and that is all.
func OpenGovernance(domains ...Domains) Governance {
	return Governance{Domains: domains, AllowUnauthenticated: true, Topics: []TopicRule{{Expression: "*"}}}
}

// XML returns the governance document, unsigned.
func (g Governance) XML() []byte { return GovernanceXML(g) }

// GovernanceXML returns a governance document of one domain rule per argument, unsigned.
func GovernanceXML(rules ...Governance) []byte {
	w := &writer{}
	w.open(`dds xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="http://www.omg.org/spec/DDS-SECURITY/20170901/omg_shared_ca_governance.xsd"`)
	w.open("domain_access_rules")
	for _, g := range rules {
		w.open("domain_rule")
		w.domains(g.Domains)
		w.leaf("allow_unauthenticated_participants", g.AllowUnauthenticated)
		w.leaf("enable_join_access_control", g.JoinAccessControl)
		if g.KeyRevision {
			w.leaf("enable_key_revision", true)
		}
		w.leaf("discovery_protection_kind", g.Discovery)
		w.leaf("liveliness_protection_kind", g.Liveliness)
		w.leaf("rtps_protection_kind", g.RTPS)
		if g.PSK != spi.ProtectNone {
			w.leaf("rtps_psk_protection_kind", g.PSK)
		}
		w.open("topic_access_rules")
		topics := g.Topics
		if len(topics) == 0 {
			topics = []TopicRule{{}}
		}
		for _, t := range topics {
			w.open("topic_rule")
			if t.Expression == "" {
				t.Expression = "*"
			}
			w.leaf("topic_expression", t.Expression)
			w.leaf("enable_discovery_protection", t.DiscoveryProtection)
			w.leaf("enable_liveliness_protection", t.LivelinessProtection)
			w.leaf("enable_read_access_control", t.ReadAccessControl)
			w.leaf("enable_write_access_control", t.WriteAccessControl)
			w.leaf("metadata_protection_kind", t.Metadata)
			w.leaf("data_protection_kind", t.Data)
			w.close("topic_rule")
		}
		w.close("topic_access_rules")
		w.close("domain_rule")
	}
	w.close("domain_access_rules")
	w.close("dds")
	return w.bytes()
}

// A writer writes indented XML.
type writer struct {
	b     bytes.Buffer
	depth int
}

func (w *writer) indent() { fmt.Fprintf(&w.b, "%*s", 2*w.depth, "") }

func (w *writer) open(tag string) {
	w.indent()
	w.b.WriteString("<" + tag + ">\n")
	w.depth++
}

func (w *writer) close(tag string) {
	w.depth--
	w.indent()
	w.b.WriteString("</" + tag + ">\n")
}

func (w *writer) leaf(tag string, value any) {
	w.indent()
	w.b.WriteString("<" + tag + ">")
	_ = xml.EscapeText(&w.b, []byte(fmt.Sprint(value))) // a bytes.Buffer takes everything
	w.b.WriteString("</" + tag + ">\n")
}

func (w *writer) domains(list []Domains) {
	if len(list) == 0 {
		list = []Domains{AllDomains}
	}
	w.open("domains")
	for _, d := range list {
		if d.Min == d.Max {
			w.leaf("id", d.Min)
			continue
		}
		w.open("id_range")
		w.leaf("min", d.Min)
		w.leaf("max", d.Max)
		w.close("id_range")
	}
	w.close("domains")
}

func (w *writer) bytes() []byte {
	return append([]byte("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"), w.b.Bytes()...)
}
