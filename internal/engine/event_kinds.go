package engine

import (
	"fmt"

	"github.com/secdds/dds/internal/admission"
	"github.com/secdds/dds/internal/discovery"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// begun reports a handshake that was not under way before.
func (p *Participant) begun(q *peer, before bool) {
	if !before && q.gate.Shaking() {
		p.event(spi.SeverityInfo, "authentication", "handshake begun", q, "", nil)
	}
}

// authenticated reports that a peer has passed both checks.
func (p *Participant) authenticated(q *peer) {
	p.audit.exchanging()
	p.report(q, spi.SecurityEvent{
		Severity: spi.SeverityNotice, Plugin: "authentication", What: "participant authenticated",
		Found: until(q.gate.Result.NotAfter),
	})
	e := spi.SecurityEvent{
		Severity: spi.SeverityInfo, Plugin: "access control", What: "permissions accepted",
		Document: "permissions of " + q.gate.Result.SubjectName, Found: until(q.gate.Rights.NotAfter()),
	}
	if b, ok := q.gate.Rights.(spi.Basis); ok {
		e.Document, e.Rule, e.Line = b.Basis()
	}
	p.report(q, e)
}

// verdict reports what the peer gate decided against. What err says of itself
// goes before what.
func (p *Participant) verdict(q *peer, what string, err error) {
	v := admission.VerdictOf(err)
	if v.What != "" {
		what = v.What
	}
	p.event(spi.SeverityWarning, v.Plugin, what, q, "", err)
}

// matched reports a pair that has each other's keys, if it needs any.
func (p *Participant) matched(q *peer, m *admission.Pair) {
	e := spi.SecurityEvent{
		Severity: spi.SeverityInfo, Plugin: "access control", What: "endpoint matched",
		Local: m.Local.GUID, Remote: m.Remote.GUID, Topic: m.Remote.Topic.Name, Found: protection(m.Local.Attributes),
	}
	p.audit.exchanging()
	if m.Remote.Builtin {
		e.Severity, e.What = spi.SeverityDebug, "built-in endpoint matched"
	}
	p.report(q, e)
}

// refused reports a pair that may not be.
func (p *Participant) refused(q *peer, local, remote rtps.GUID, topic string, err error) {
	p.report(q, spi.SecurityEvent{
		Severity: spi.SeverityWarning, Plugin: admission.VerdictOf(err).Plugin, What: "endpoint refused",
		Local: local, Remote: remote, Topic: topic, Err: err,
	})
}

// allowed reports a local endpoint.
func (p *Participant) allowed(d *discovery.EndpointData, attrs spi.EndpointAttributes) {
	p.report(nil, spi.SecurityEvent{
		Severity: spi.SeverityInfo, Plugin: "access control", What: "local " + side(d.GUID.Entity[3]) + " allowed",
		Local: d.GUID, Topic: d.Topic, Found: protection(attrs),
	})
}

// denied reports a local endpoint that cannot be, and returns why.
func (p *Participant) denied(plugin, topic string, kind byte, err error) error {
	p.event(spi.SeverityError, plugin, "local "+side(kind)+" refused", nil, topic, err)
	return err
}

func side(kind byte) string {
	if kind == rtps.KindWriterNoKey || kind == rtps.KindWriterWithKey {
		return "writer"
	}
	return "reader"
}

// protection says what the governance asks for.
func protection(a spi.EndpointAttributes) string {
	return fmt.Sprintf("discovery %t, liveliness %t, metadata %v, data %v", a.DiscoveryProtected, a.LivelinessProtected, a.Metadata, a.Data)
}
