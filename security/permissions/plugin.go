package permissions

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/secdds/dds/governance"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// Names on the wire. DDS-Security 1.1, 9.4.2.
const (
	classToken      = "DDS:Access:Permissions:1.0"
	classPrefix     = "DDS:Access:Permissions:1."
	classCredential = "DDS:Access:PermissionsCredential"
	propDocument    = "dds.perm.cert"
)

// A Config holds the documents of the local participants.
type Config struct {
	PermissionsCA []byte // PEM: the one certificate whose key signs both documents
	Governance    []byte // S/MIME
	Permissions   []byte // S/MIME

	// Where the above came from: only for the text of errors. If empty,
	// "permissions CA", "governance" and "permissions".
	PermissionsCAFile, GovernanceFile, PermissionsFile string
}

// A Plugin is DDS:Access:Permissions with one set of documents.
type Plugin struct {
	ca          *x509.Certificate
	caFile      string
	governance  *governance.Governance
	permissions *governance.Permissions
	document    []byte // the signed permissions, as they travel
}

var _ spi.AccessControl = (*Plugin)(nil)

// New verifies and reads the documents. The error names the document, the line
// and the element at fault.
func New(cfg Config) (*Plugin, error) {
	or := func(name, what string) string {
		if name == "" {
			return what
		}
		return name
	}
	p := &Plugin{caFile: or(cfg.PermissionsCAFile, "permissions CA"), document: bytes.Clone(cfg.Permissions)}
	var err error
	if p.ca, err = parseCA(cfg.PermissionsCA); err != nil {
		return nil, fmt.Errorf("%s: %w", p.caFile, err)
	}
	if p.governance, err = governance.LoadGovernance(cfg.Governance, p.ca, or(cfg.GovernanceFile, "governance")); err != nil {
		return nil, refusal(err)
	}
	if p.permissions, err = governance.LoadPermissions(cfg.Permissions, p.ca, or(cfg.PermissionsFile, "permissions")); err != nil {
		return nil, refusal(err)
	}
	return p, nil
}

func parseCA(text []byte) (*x509.Certificate, error) {
	var ca *x509.Certificate
	for b, rest := pem.Decode(text); b != nil; b, rest = pem.Decode(rest) {
		if b.Type != "CERTIFICATE" {
			continue
		}
		if ca != nil {
			return nil, errors.New("expected one certificate, found several: keep only the one whose key signs the documents")
		}
		var err error
		if ca, err = x509.ParseCertificate(b.Bytes); err != nil {
			return nil, err
		}
	}
	if ca == nil {
		return nil, errors.New("expected a certificate as PEM (-----BEGIN CERTIFICATE-----), found none")
	}
	return ca, nil
}

// ValidateLocalPermissions implements spi.AccessControl.
// DDS-Security 1.1, 8.4.2.9.1 and 8.4.2.9.3.
func (p *Plugin) ValidateLocalPermissions(now time.Time, id spi.LocalIdentity, domain uint32) (spi.LocalPermissions, error) {
	if err := p.checkCA(now); err != nil {
		return nil, err
	}
	subject, err := governance.ParseName(id.SubjectName())
	if err != nil {
		return nil, fmt.Errorf("subject of the identity certificate: %w", err)
	}
	rule, err := p.governance.Rule(domain)
	if err != nil {
		return nil, refusal(err)
	}
	if err := p.checkAlgorithms(rule); err != nil {
		return nil, err
	}
	m, err := p.member(now, p.permissions, subject, rule, domain)
	if err != nil {
		return nil, err
	}
	return &local{member: m, plugin: p}, nil
}

// checkCA refuses documents of an authority whose own certificate has lapsed
// (CVE-2025-24807).
func (p *Plugin) checkCA(now time.Time) error {
	if now.Before(p.ca.NotBefore) || now.After(p.ca.NotAfter) {
		at := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
		return &spi.Refusal{
			Document: p.caFile, Rule: fmt.Sprintf("certificate of %q, validity", p.ca.Subject),
			Expected: "a time from " + at(p.ca.NotBefore) + " to " + at(p.ca.NotAfter), Found: "the time " + at(now),
			Remedy: "renew the certificate and sign the documents again, or check the clock",
		}
	}
	return nil
}

// algorithms are those the other built-in plugins may use. The middleware has
// no way to hold them to fewer.
var algorithms = []string{
	"RSASSA-PSS-MGF1SHA256+2048+SHA256", "RSASSA-PKCS1-V1_5+2048+SHA256", "ECDSA+P256+SHA256", "ECDSA+P384+SHA384",
	"DHE+MODP-2048-256", "ECDHE-CEUM+P256", "ECDHE-CEUM+P384",
	"AES128+GCM", "AES256+GCM",
}

// checkAlgorithms refuses a governance that forbids what would be used.
func (p *Plugin) checkAlgorithms(r *governance.DomainRule) error {
	missing := r.Algorithms.Missing(algorithms...)
	if len(missing) == 0 {
		return nil
	}
	return &spi.Refusal{
		Document: p.governance.Document, Rule: "<domain_rule/allowed_security_algorithms>", Line: r.Algorithms.Line,
		Expected: "all algorithms that are in use here", Found: "that " + strings.Join(missing, ", ") + " are not allowed",
		Err:    errors.New("this implementation cannot be held to fewer algorithms"),
		Remedy: "add them, or remove the element",
	}
}

// member finds the grant of a subject and checks that it holds now and, if the
// governance asks for it, in this domain.
func (p *Plugin) member(now time.Time, doc *governance.Permissions, subject governance.Name, rule *governance.DomainRule, domain uint32) (member, error) {
	grant, err := doc.Grant(now, subject)
	if err != nil {
		return member{}, refusal(err)
	}
	if err := grant.Valid(now); err != nil {
		return member{}, refusal(err)
	}
	m := member{rule: rule, grant: grant, document: doc.Document, domain: domain, notAfter: grant.NotAfter}
	if p.ca.NotAfter.Before(m.notAfter) {
		m.notAfter = p.ca.NotAfter
	}
	if rule.JoinAccessControl {
		if d := grant.CheckJoin(domain); !d.Allowed {
			return member{}, m.denied(d, "take part")
		}
	}
	return m, nil
}

// A local implements spi.LocalPermissions.
type local struct {
	member
	plugin *Plugin
}

var _ spi.LocalPermissions = (*local)(nil)

// Token implements spi.LocalPermissions. DDS-Security 1.1, 9.4.2.1.
//
// Interop: dds.perm_ca.sn and dds.perm_ca.algo are optional and left out. Fast
// DDS compares the former as text with its own rendering of the name.
func (l *local) Token() spi.Token { return spi.Token{ClassID: classToken} }

// CredentialToken implements spi.LocalPermissions. DDS-Security 1.1, 9.4.2.2.
// The document is a binary property, so that its octets stay what was signed.
func (l *local) CredentialToken() spi.Token {
	return spi.Token{
		ClassID:          classCredential,
		BinaryProperties: []rtps.BinaryProperty{{Name: propDocument, Value: bytes.Clone(l.plugin.document)}},
	}
}

// ParticipantAttributes implements spi.LocalPermissions.
func (l *local) ParticipantAttributes() spi.ParticipantAttributes { return participant(l.rule) }

// EndpointAttributes implements spi.LocalPermissions.
func (l *local) EndpointAttributes(topic string) (spi.EndpointAttributes, error) {
	r, err := l.rule.Topic(topic)
	if err != nil {
		return spi.EndpointAttributes{}, refusal(err)
	}
	return endpoint(r), nil
}

// BuiltinAttributes implements spi.LocalPermissions.
func (l *local) BuiltinAttributes(entity rtps.EntityID) spi.EndpointAttributes {
	return builtin(l.rule, entity)
}

// CheckCreateTopic implements spi.LocalPermissions.
func (l *local) CheckCreateTopic(now time.Time, topic string) error { return l.CheckTopic(now, topic) }

// CheckCreateWriter implements spi.LocalPermissions.
func (l *local) CheckCreateWriter(now time.Time, t spi.Topic) error {
	if err := l.CheckWriter(now, t); err != nil {
		return err
	}
	return l.checkTags(t, func(r *governance.TopicRule) bool { return r.WriteAccessControl })
}

// CheckCreateReader implements spi.LocalPermissions.
func (l *local) CheckCreateReader(now time.Time, t spi.Topic) error {
	if err := l.CheckReader(now, t); err != nil {
		return err
	}
	return l.checkTags(t, func(r *governance.TopicRule) bool { return r.ReadAccessControl })
}

// checkTags refuses data tags that peers are to judge by and will never see:
// they travel by protected discovery only. DDS-Security 1.1, 7.4.1.5.
func (l *local) checkTags(t spi.Topic, judged func(*governance.TopicRule) bool) error {
	r, err := l.rule.Topic(t.Name)
	if err != nil || len(t.Tags) == 0 || r.DiscoveryProtection || !judged(r) {
		return refusal(err)
	}
	return &spi.Refusal{
		Document: l.plugin.governance.Document, Rule: fmt.Sprintf("topic_rule %q, enable_discovery_protection", r.Expression), Line: r.Line,
		Expected: "true for a topic under access control whose endpoints carry data tags", Found: "false",
		Remedy: "set it to true, or make the endpoint without data tags",
	}
}

// ValidateRemote implements spi.LocalPermissions. DDS-Security 1.1, 8.4.2.9.2
// and 8.4.2.9.9.
//
// What the peer's token says of its permissions CA is not looked at: the
// signature tells.
func (l *local) ValidateRemote(now time.Time, token spi.Token, peer spi.HandshakeResult) (spi.RemotePermissions, error) {
	if len(token.ClassID) <= len(classPrefix) || token.ClassID[:len(classPrefix)] != classPrefix {
		return nil, &spi.Refusal{
			Document: "permissions token of " + peer.SubjectName, Rule: "class_id",
			Expected: "class " + classToken, Found: fmt.Sprintf("%.64q", token.ClassID),
			Err: errors.New("the peer runs another access control plugin"),
		}
	}
	if err := l.plugin.checkCA(now); err != nil {
		return nil, err
	}
	subject, err := governance.NameFromDER(peer.SubjectDER)
	if err != nil {
		return nil, fmt.Errorf("identity certificate of %s: %w", peer.SubjectName, err)
	}
	doc := peer.PermissionDoc
	if doc == nil {
		doc = peer.Credential.Binary("c.perm")
	}
	// Interop: some peers send the document with the NUL of their C string.
	doc = bytes.TrimRight(doc, "\x00")
	name := fmt.Sprintf("permissions (c.perm) of %s", subject)
	if len(doc) == 0 {
		return nil, &spi.Refusal{Document: name, Expected: "a signed document", Found: "nothing"}
	}
	perms, err := governance.LoadPermissions(doc, l.plugin.ca, name)
	if err != nil {
		return nil, refusal(err)
	}
	m, err := l.plugin.member(now, perms, subject, l.rule, l.domain)
	if err != nil {
		return nil, err
	}
	return &m, nil
}
