package permissions

import (
	"fmt"
	"time"

	"github.com/secdds/dds/governance"
	"github.com/secdds/dds/spi"
)

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
	if d := m.check(governance.Publish, t); !d.Allowed {
		return m.denied(d, governance.Describe(governance.Publish, t.Name, t.Partitions))
	}
	return nil
}

// CheckReader implements spi.RemotePermissions. DDS-Security 1.1, 8.4.2.9.5 and 8.4.2.9.11.
//
// A reader whose grant lets it relay the topic and not subscribe it is refused:
// it is for a service that passes on what it cannot read, which would have to
// be kept from the payload's key. The error says so.
func (m *member) CheckReader(now time.Time, t spi.Topic) error {
	r, err := m.topic(now, t.Name)
	if err != nil || !r.ReadAccessControl {
		return err
	}
	d := m.check(governance.Subscribe, t)
	if d.Allowed {
		return nil
	}
	e := m.denied(d, governance.Describe(governance.Subscribe, t.Name, t.Partitions))
	e.Err.(*DeniedError).RelayOnly = m.check(governance.Relay, t).Allowed
	return e
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
		return nil, refusal(err)
	}
	r, err := m.rule.Topic(name)
	if err != nil {
		return nil, refusal(err)
	}
	return r, nil
}

func (m *member) check(action governance.Action, t spi.Topic) governance.Decision {
	tags := make([]governance.Tag, len(t.Tags))
	for i, tag := range t.Tags {
		tags[i] = governance.Tag(tag)
	}
	return m.grant.Check(m.domain, action, t.Name, t.Partitions, tags)
}

func (m *member) denied(d governance.Decision, action string) *spi.Refusal {
	return &spi.Refusal{
		Document: m.document, Rule: d.Name, Line: d.Line, Expected: d.Expected, Found: d.Found, Remedy: d.Remedy,
		Err: &DeniedError{Subject: m.grant.Subject.String(), Action: action, Domain: m.domain, Why: d.Why},
	}
}
