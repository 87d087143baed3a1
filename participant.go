package dds

import (
	"fmt"

	"github.com/secdds/dds/internal/engine"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/transport/udp"
)

// A Participant takes part in one domain. DDS 1.4, 2.2.2.2. Its methods may be
// called by several goroutines at once.
type Participant struct {
	domain     uint32
	eng        *engine.Participant
	publisher  *Publisher
	subscriber *Subscriber
}

// NewParticipant joins a domain, 0 to MaxDomain. A nil cfg is the zero Config.
//
// With security, the error names the document or credential at fault, what was
// expected and what was found.
func NewParticipant(domain uint32, cfg *Config) (*Participant, error) {
	var c Config
	if cfg != nil {
		c = *cfg
	}
	if domain > MaxDomain {
		return nil, fmt.Errorf("create participant: domain %d, the highest is %d: %w", domain, MaxDomain, ErrBadParameter)
	}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("create participant: %w: %w", err, ErrBadParameter)
	}
	if c.Transport == nil {
		t, err := udp.New(udp.Config{Interfaces: c.Interfaces})
		if err != nil {
			return nil, fmt.Errorf("create participant: %w", err)
		}
		c.Transport = t
	}
	eng, err := engine.Start(engine.Config{
		Domain: domain, ParticipantID: -1, Transport: c.Transport, Security: c.Security, Logger: c.Logger,
		Peers: c.Peers, NoMulticast: c.NoMulticast, Lease: c.LeaseDuration, Announce: c.AnnouncePeriod,
		UserData: c.UserData, Name: c.Name, Properties: c.Properties,
	})
	if err != nil {
		return nil, fmt.Errorf("create participant in domain %d: %w", domain, err)
	}
	p := &Participant{domain: domain, eng: eng}
	p.publisher = &Publisher{p: p, qos: qos.NewPublisher()}
	p.subscriber = &Subscriber{p: p, qos: qos.NewSubscriber()}
	return p, nil
}

// Domain returns the domain id.
func (p *Participant) Domain() uint32 { return p.domain }

// GUID returns the participant's GUID; with security, the adjusted one.
func (p *Participant) GUID() rtps.GUID { return p.eng.GUID() }

// Close leaves the domain: it tells the peers, closes every entity of the
// participant and waits for every goroutine. Blocked calls return ErrClosed.
func (p *Participant) Close() error { return p.eng.Close() }

// A PeerInfo is what is known of a remote participant.
type PeerInfo = engine.PeerInfo

// Peers returns the remote participants known, admitted or refused.
func (p *Participant) Peers() []PeerInfo { return p.eng.Peers() }

// Stats are counters since the participant started.
type Stats = engine.Stats

// Stats returns the counters, among them what was received and dropped by reason.
func (p *Participant) Stats() Stats { return p.eng.Stats() }

// A Publisher gives its writers partition, presentation and group data.
// DDS 1.4, 2.2.2.4.1.
type Publisher struct {
	p   *Participant
	qos qos.Publisher
}

// A Subscriber is the same for readers. DDS 1.4, 2.2.2.5.2.
type Subscriber struct {
	p   *Participant
	qos qos.Subscriber
}

// Publisher returns the publisher with the default policies.
func (p *Participant) Publisher() *Publisher { return p.publisher }

// Subscriber returns the subscriber with the default policies.
func (p *Participant) Subscriber() *Subscriber { return p.subscriber }

// NewPublisher makes a publisher. The error is a *qos.Error.
func (p *Participant) NewPublisher(policies ...qos.PublisherPolicy) (*Publisher, error) {
	q := qos.NewPublisher(policies...)
	if err := q.Validate(); err != nil {
		return nil, fmt.Errorf("create publisher: %w", err)
	}
	return &Publisher{p: p, qos: q}, nil
}

// NewSubscriber makes a subscriber. The error is a *qos.Error.
func (p *Participant) NewSubscriber(policies ...qos.SubscriberPolicy) (*Subscriber, error) {
	q := qos.NewSubscriber(policies...)
	if err := q.Validate(); err != nil {
		return nil, fmt.Errorf("create subscriber: %w", err)
	}
	return &Subscriber{p: p, qos: q}, nil
}
