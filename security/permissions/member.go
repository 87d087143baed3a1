package permissions

import (
	"fmt"
	"time"

	"github.com/secdds/dds/governance"
	"github.com/secdds/dds/spi"
)

// A DeniedError says what a subject may not do, and which rule says so.
type DeniedError struct {
	Document string // that holds the grant
	Line     int    // of its XML: the rule, or the grant where no rule applied
	Subject  string // of the certificate, RFC 4514
	Action   string // "publish topic \"a\" in partitions \"x\""
	Domain   uint32
	Why      string // "deny_rule at line 10 (rule 1 of the grant)"
}

// Error tells who may not do what, why, and what would allow it.
func (e *DeniedError) Error() string {
	return fmt.Sprintf("%s, XML line %d: %s may not %s in domain %d: %s; to allow it, add an <allow_rule> above",
		e.Document, e.Line, e.Subject, e.Action, e.Domain, e.Why)
}

// A member is a participant with a valid grant, local or remote. It implements
// spi.RemotePermissions.
type member struct {
	rule     *governance.DomainRule // of our own governance
	grant    *governance.Grant
	document string
	domain   uint32
	notAfter time.Time
}

var _ spi.RemotePermissions = (*member)(nil)

// NotAfter implements spi.RemotePermissions: the grant's end, or the permissions
// CA's if that comes first.
func (m *member) NotAfter() time.Time { return m.notAfter }

// CheckWriter implements spi.RemotePermissions. DDS-Security 1.1, 8.4.2.9.4 and 8.4.2.9.10.
func (m *member) CheckWriter(now time.Time, t spi.Topic) error {
	r, err := m.topic(now, t.Name)
	if err != nil || !r.WriteAccessControl {
		return err
	}
	return m.check(governance.Publish, t)
}

// CheckReader implements spi.RemotePermissions. DDS-Security 1.1, 8.4.2.9.5 and 8.4.2.9.11.
func (m *member) CheckReader(now time.Time, t spi.Topic) error {
	r, err := m.topic(now, t.Name)
	if err != nil || !r.ReadAccessControl {
		return err
	}
	return m.check(governance.Subscribe, t)
}

// CheckTopic implements spi.RemotePermissions. It is enough that the topic may
// be read or written: 8.4.2.9.6 and 8.4.2.9.12.
func (m *member) CheckTopic(now time.Time, name string) error {
	r, err := m.topic(now, name)
	if err != nil || !r.ReadAccessControl || !r.WriteAccessControl {
		return err
	}
	if d := m.grant.CheckTopic(m.domain, name); !d.Allowed {
		return m.denied(d, fmt.Sprintf("publish or subscribe topic %.256q", name))
	}
	return nil
}

// topic returns the governance's rule for a topic while the grant is valid.
func (m *member) topic(now time.Time, name string) (*governance.TopicRule, error) {
	if err := m.grant.Valid(now); err != nil {
		return nil, err
	}
	return m.rule.Topic(name)
}

func (m *member) check(action governance.Action, t spi.Topic) error {
	tags := make([]governance.Tag, len(t.Tags))
	for i, tag := range t.Tags {
		tags[i] = governance.Tag(tag)
	}
	if d := m.grant.Check(m.domain, action, t.Name, t.Partitions, tags); !d.Allowed {
		return m.denied(d, governance.Describe(action, t.Name, t.Partitions))
	}
	return nil
}

func (m *member) denied(d governance.Decision, action string) error {
	return &DeniedError{Document: m.document, Line: d.Line, Subject: m.grant.Subject.String(), Action: action, Domain: m.domain, Why: d.Why}
}
