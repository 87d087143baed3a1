package keystore

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/secdds/dds/governance"
	"github.com/secdds/dds/governance/lint"
	"github.com/secdds/dds/internal/smime"
)

// Facts are what a file of a keystore says. Of private keys only what is public
// is told. Its JSON names are stable. Nothing is verified.
type Facts struct {
	File         string             `json:"file"`
	Kind         string             `json:"kind"` // certificate, crl, key, governance, permissions, enclave or keystore
	Certificates []CertificateFacts `json:"certificates,omitempty"`
	CRLs         []CRLFacts         `json:"crls,omitempty"`
	Key          *KeyFacts          `json:"key,omitempty"`
	Signature    *SignatureFacts    `json:"signature,omitempty"` // of a signed document
	Domains      []DomainFacts      `json:"domain_rules,omitempty"`
	Grants       []GrantFacts       `json:"grants,omitempty"`
	Files        []*Facts           `json:"files,omitempty"` // of a folder
}

// CertificateFacts are those of a certificate.
type CertificateFacts struct {
	Subject     string    `json:"subject"` // RFC 4514
	Issuer      string    `json:"issuer"`
	Serial      string    `json:"serial"` // hexadecimal
	NotBefore   time.Time `json:"not_before"`
	NotAfter    time.Time `json:"not_after"`
	Authority   bool      `json:"authority"`
	PathLength  *int      `json:"path_length,omitempty"` // of an authority; absent: no limit
	Key         KeyFacts  `json:"key"`
	Signature   string    `json:"signature_algorithm"`
	Fingerprint string    `json:"sha256"` // of the certificate, hexadecimal
}

// KeyFacts are what is public of a key.
type KeyFacts struct {
	Kind        string `json:"kind"`                    // "EC P-256", "RSA 2048"; "encrypted" where that cannot be told
	Fingerprint string `json:"public_sha256,omitempty"` // of the public key (SubjectPublicKeyInfo), hexadecimal
}

// CRLFacts are those of a revocation list.
type CRLFacts struct {
	Issuer     string         `json:"issuer"`
	Number     string         `json:"number,omitempty"`
	ThisUpdate time.Time      `json:"this_update"`
	NextUpdate time.Time      `json:"next_update"`
	Revoked    []RevokedFacts `json:"revoked"`
}

// RevokedFacts are those of one entry of a revocation list.
type RevokedFacts struct {
	Serial string    `json:"serial"` // hexadecimal
	Time   time.Time `json:"time"`
}

// SignatureFacts tell how a document is signed.
type SignatureFacts struct {
	Issuer     string     `json:"issuer"` // of the signer's certificate
	Serial     string     `json:"serial"` // of the signer's certificate, hexadecimal
	Digest     string     `json:"digest"`
	Time       *time.Time `json:"time,omitempty"`
	Detached   bool       `json:"detached"`
	Text       bool       `json:"text"` // the signed part has a text/plain header
	Attributes bool       `json:"signed_attributes"`
}

// DomainFacts are those of a domain_rule.
type DomainFacts struct {
	Line                 int          `json:"line"`
	Domains              [][2]uint32  `json:"domains"` // ranges, both ends included
	AllowUnauthenticated bool         `json:"allow_unauthenticated_participants"`
	JoinAccessControl    bool         `json:"enable_join_access_control"`
	Discovery            string       `json:"discovery_protection_kind"`
	Liveliness           string       `json:"liveliness_protection_kind"`
	RTPS                 string       `json:"rtps_protection_kind"`
	PSK                  string       `json:"rtps_psk_protection_kind,omitempty"` // 1.2, as what follows; absent: NONE
	KeyRevision          bool         `json:"enable_key_revision,omitempty"`
	Tags                 []string     `json:"tags,omitempty"`       // domain tags and expressions of them; absent: the default one
	Algorithms           []string     `json:"algorithms,omitempty"` // allowed_security_algorithms; absent: all
	Topics               []TopicFacts `json:"topic_rules"`
}

// TopicFacts are those of a topic_rule.
type TopicFacts struct {
	Line       int    `json:"line"`
	Expression string `json:"topic_expression"`
	Discovery  bool   `json:"enable_discovery_protection"`
	Liveliness bool   `json:"enable_liveliness_protection"`
	Read       bool   `json:"enable_read_access_control"`
	Write      bool   `json:"enable_write_access_control"`
	Metadata   string `json:"metadata_protection_kind"`
	Data       string `json:"data_protection_kind"`
}

// GrantFacts are those of a grant.
type GrantFacts struct {
	Line      int         `json:"line"`
	Name      string      `json:"name"`
	Subject   string      `json:"subject_name"`
	NotBefore time.Time   `json:"not_before"`
	NotAfter  time.Time   `json:"not_after"`
	Rules     []RuleFacts `json:"rules"`
	Default   string      `json:"default"` // ALLOW or DENY
}

// RuleFacts are those of an allow_rule or deny_rule.
type RuleFacts struct {
	Line     int             `json:"line"`
	Kind     string          `json:"kind"` // allow_rule or deny_rule
	Domains  [][2]uint32     `json:"domains"`
	Criteria []CriteriaFacts `json:"criteria"`
}

// CriteriaFacts are those of a publish, subscribe or relay.
type CriteriaFacts struct {
	Action     string      `json:"action"`
	Topics     []string    `json:"topics"`
	Partitions []string    `json:"partitions,omitempty"`
	Tags       [][2]string `json:"data_tags,omitempty"`
}

// Describe tells what a file says: a certificate, a revocation list, a private
// key, governance or permissions (signed or plain); or all of them in an
// enclave's folder, or a keystore's.
func Describe(path string) (*Facts, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("show: %w", err)
	}
	var f *Facts
	switch {
	case !st.IsDir():
		f, err = describeFile(path)
	case isDir(path, "enclaves") && isDir(path, "public"):
		f, err = describeKeystore(path)
	case looksLikeEnclave(path):
		f, err = describeEnclave(path)
	default:
		err = fmt.Errorf("%s: expected a file, an enclave or a keystore", path)
	}
	if err != nil {
		return nil, fmt.Errorf("show: %w", err)
	}
	return f, nil
}

// DescribeCertificate tells what the first certificate of a PEM text says.
func DescribeCertificate(text []byte) (CertificateFacts, error) {
	var f Facts
	if err := f.certificates(text); err != nil {
		return CertificateFacts{}, err
	}
	return f.Certificates[0], nil
}

// DescribeDocument tells what a governance or permissions document says, plain
// or signed.
func DescribeDocument(doc []byte) (*Facts, error) {
	f := &Facts{}
	if err := f.document(doc); err != nil {
		return nil, err
	}
	return f, nil
}

func describeKeystore(dir string) (*Facts, error) {
	k := &Keystore{Dir: dir}
	f := &Facts{File: dir, Kind: "keystore"}
	for _, name := range []string{"public/identity_ca.cert.pem", "public/permissions_ca.cert.pem", "public/crl.pem", "enclaves/governance.p7s"} {
		if err := f.describe(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			return nil, err
		}
	}
	paths, err := k.Enclaves()
	if err != nil {
		return nil, err
	}
	for _, p := range paths {
		_, sub, err := k.enclave(p)
		if err != nil {
			return nil, err
		}
		e, err := describeEnclave(sub)
		if err != nil {
			return nil, err
		}
		f.Files = append(f.Files, e)
	}
	return f, nil
}

func describeEnclave(dir string) (*Facts, error) {
	f := &Facts{File: dir, Kind: "enclave"}
	for _, name := range []string{"identity_ca.cert.pem", "cert.pem", "key.pem", "permissions_ca.cert.pem", "governance.p7s", "permissions.p7s", "crl.pem"} {
		if err := f.describe(filepath.Join(dir, name)); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// describe adds a file that need not be there: what is missing, Check tells.
func (f *Facts) describe(name string) error {
	if _, err := os.Stat(name); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	sub, err := describeFile(name)
	if err == nil {
		f.Files = append(f.Files, sub)
	}
	return err
}

func describeFile(name string) (*Facts, error) {
	data, err := readFile(name)
	if err != nil {
		return nil, err
	}
	f, err := describe(name, data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

func describe(name string, data []byte) (f *Facts, err error) {
	f = &Facts{File: name}
	b, _ := pem.Decode(data)
	switch {
	case b == nil && len(data) > 0 && data[0] == 0x30, b != nil && b.Type == "X509 CRL":
		err = f.crls(data)
	case b == nil:
		err = f.document(data)
	case strings.HasSuffix(b.Type, "PRIVATE KEY") || bytes.Contains(data, []byte("PRIVATE KEY-----")):
		err = f.key(data)
	default:
		err = f.certificates(data)
	}
	return f, err
}

func (f *Facts) certificates(data []byte) error {
	list, err := parseCertificates(data)
	if err != nil {
		return err
	}
	f.Kind = "certificate"
	for _, c := range list {
		sum := sha256.Sum256(c.Raw)
		facts := CertificateFacts{
			Subject: nameText(c.RawSubject), Issuer: nameText(c.RawIssuer), Serial: serialText(c),
			NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(), Authority: c.IsCA,
			Key: keyFacts(c.PublicKey), Signature: c.SignatureAlgorithm.String(), Fingerprint: fmt.Sprintf("%x", sum),
		}
		if c.IsCA && c.MaxPathLen >= 0 && (c.MaxPathLen > 0 || c.MaxPathLenZero) {
			facts.PathLength = &c.MaxPathLen
		}
		f.Certificates = append(f.Certificates, facts)
	}
	return nil
}

func nameText(der []byte) string {
	n, err := governance.NameFromDER(der)
	if err != nil {
		return "(unreadable)"
	}
	return n.String()
}

func keyFacts(pub crypto.PublicKey) KeyFacts {
	var f KeyFacts
	switch k := pub.(type) {
	case *ecdsa.PublicKey:
		f.Kind = "EC " + k.Curve.Params().Name
	case *rsa.PublicKey:
		f.Kind = fmt.Sprintf("RSA %d", k.N.BitLen())
	default:
		f.Kind = fmt.Sprintf("%T", pub)
	}
	if der, err := x509.MarshalPKIXPublicKey(pub); err == nil {
		f.Fingerprint = fmt.Sprintf("%x", sha256.Sum256(der))
	}
	return f
}

func (f *Facts) key(data []byte) error {
	f.Kind = "key"
	if bytes.Contains(data, []byte("ENCRYPTED")) {
		f.Key = &KeyFacts{Kind: "encrypted"}
		return nil
	}
	key, err := ParseKey(data)
	if err != nil {
		return err
	}
	facts := keyFacts(key.Public())
	f.Key = &facts
	return nil
}

func (f *Facts) crls(data []byte) error {
	lists, err := parseCRLs(data)
	if err != nil {
		return err
	}
	f.Kind = "crl"
	for _, l := range lists {
		c := CRLFacts{Issuer: nameText(l.RawIssuer), ThisUpdate: l.ThisUpdate.UTC(), NextUpdate: l.NextUpdate.UTC(), Revoked: []RevokedFacts{}}
		if l.Number != nil {
			c.Number = l.Number.String()
		}
		for _, e := range l.RevokedCertificateEntries {
			c.Revoked = append(c.Revoked, RevokedFacts{fmt.Sprintf("%x", e.SerialNumber), e.RevocationTime.UTC()})
		}
		f.CRLs = append(f.CRLs, c)
	}
	return nil
}

func (f *Facts) document(data []byte) error {
	xml, first, err := lint.Open(data)
	if err != nil {
		return err
	}
	if first != 1 { // it is signed: plain XML begins with the file
		form, _, err := smime.Inspect(data)
		if err != nil {
			return err
		}
		f.Signature = &SignatureFacts{Issuer: form.Issuer.String(), Digest: form.Digest, Detached: !form.Opaque, Text: form.Text, Attributes: form.Attributes}
		if form.Serial != nil {
			f.Signature.Serial = fmt.Sprintf("%x", form.Serial)
		}
		if !form.Time.IsZero() {
			at := form.Time.UTC()
			f.Signature.Time = &at
		}
	}
	g, err := governance.ParseGovernance(xml)
	if err == nil {
		f.Kind = "governance"
		f.governance(g, max(first, 1)-1)
		return nil
	}
	p, err2 := governance.ParsePermissions(xml)
	if err2 != nil {
		if bytes.Contains(xml, []byte("<permissions")) {
			err = err2
		}
		return fmt.Errorf("expected a certificate, revocation list, private key, governance or permissions: %w", err)
	}
	f.Kind = "permissions"
	f.permissions(p, max(first, 1)-1)
	return nil
}

func ranges(list []governance.Range) [][2]uint32 {
	var out [][2]uint32
	for _, r := range list {
		out = append(out, [2]uint32{r.Min, r.Max})
	}
	return out
}

// governance adds what g says; before is how many lines of the file are before it.
func (f *Facts) governance(g *governance.Governance, before int) {
	for _, d := range g.Rules {
		facts := DomainFacts{
			Line: d.Line + before, Domains: ranges(d.Domains), AllowUnauthenticated: d.AllowUnauthenticated, JoinAccessControl: d.JoinAccessControl,
			Discovery: d.Discovery.String(), Liveliness: d.Liveliness.String(), RTPS: d.RTPS.String(),
		}
		if facts.KeyRevision = d.KeyRevision; d.PSK != governance.None {
			facts.PSK = d.PSK.String()
		}
		for _, t := range d.Tags {
			facts.Tags = append(facts.Tags, t.Text)
		}
		if d.Algorithms != nil {
			facts.Algorithms = d.Algorithms.Names
		}
		for _, t := range d.Topics {
			facts.Topics = append(facts.Topics, TopicFacts{
				Line: t.Line + before, Expression: t.Expression, Discovery: t.DiscoveryProtection, Liveliness: t.LivelinessProtection,
				Read: t.ReadAccessControl, Write: t.WriteAccessControl, Metadata: t.Metadata.String(), Data: t.Data.String(),
			})
		}
		f.Domains = append(f.Domains, facts)
	}
}

func (f *Facts) permissions(p *governance.Permissions, before int) {
	for _, g := range p.Grants {
		facts := GrantFacts{Line: g.Line + before, Name: g.Name, Subject: g.Subject.String(), NotBefore: g.NotBefore, NotAfter: g.NotAfter, Rules: []RuleFacts{}, Default: "DENY"}
		if g.DefaultAllow {
			facts.Default = "ALLOW"
		}
		for _, r := range g.Rules {
			rule := RuleFacts{Line: r.Line + before, Kind: "deny_rule", Domains: ranges(r.Domains), Criteria: []CriteriaFacts{}}
			if r.Allow {
				rule.Kind = "allow_rule"
			}
			for action, list := range [][]governance.Criteria{r.Publish, r.Subscribe, r.Relay} {
				for _, c := range list {
					cf := CriteriaFacts{Action: governance.Action(action).String(), Topics: c.Topics, Partitions: c.Partitions}
					for _, t := range c.Tags {
						cf.Tags = append(cf.Tags, [2]string{t.Name, t.Value})
					}
					rule.Criteria = append(rule.Criteria, cf)
				}
			}
			facts.Rules = append(facts.Rules, rule)
		}
		f.Grants = append(f.Grants, facts)
	}
}
