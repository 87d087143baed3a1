package engine

import (
	"fmt"
	"maps"
	"time"

	"github.com/secdds/dds/internal/discovery"
	"github.com/secdds/dds/internal/history"
	"github.com/secdds/dds/internal/reliable"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// An endpoint is a local user endpoint as the control loop knows it.
type endpoint struct {
	data   *discovery.EndpointData
	attrs  spi.EndpointAttributes
	crypto spi.EndpointCrypto
	writer *Writer
	reader *Reader
	barred error // why it may no longer match others, though it was allowed to begin with
}

// NewWriter makes a writer and announces it.
func (p *Participant) NewWriter(spec WriterSpec) (*Writer, error) {
	kind := rtps.KindWriterNoKey
	if spec.Keyed {
		kind = rtps.KindWriterWithKey
	}
	e := &endpoint{}
	check := func(c *credentials, t spi.Topic) error { return c.perms.CheckCreateWriter(time.Now(), t) }
	err := p.newEndpoint(e, spec.Topic, spec.Type, spec.QoS.Partition, spec.QoS.DataTags, kind, check, func(d *discovery.EndpointData) {
		q := spec.QoS
		d.Writer = &q
		w := newWriterCell(p, d.GUID.Entity, &q, reliable.WriterConfig{
			Window: firstWindow, MaxWindow: maxWindow, AckEvery: askEvery(&q),
		})
		w.data, w.keyed = d, spec.Keyed
		if q.Liveliness.Kind != qos.Automatic {
			w.pulse.lease, w.topicLiveliness = leaseOf(q.Liveliness), q.Liveliness.Kind == qos.ManualByTopic
		}
		w.hist = history.NewWriter(history.WriterConfig{
			Depth: depth(q.History), MaxSamples: q.ResourceLimits.MaxSamples, MaxInstances: q.ResourceLimits.MaxInstances,
			MaxSamplesPerInstance: q.ResourceLimits.MaxSamplesPerInstance, Volatile: q.Durability == qos.Volatile,
		})
		if w.crypto = e.crypto; w.crypto != nil {
			w.payload, w.submsg = w.crypto.Payload(), w.crypto.Submessage()
		}
		if p.security != nil {
			w.onMessage, w.requires, w.keyHidden = p.sealing != nil, p.requires(e.attrs), e.attrs.Data == spi.ProtectEncrypt
		}
		w.fitFragments()
		e.writer = w
	})
	return e.writer, err
}

// NewReader makes a reader and announces it.
func (p *Participant) NewReader(spec ReaderSpec) (*Reader, error) {
	kind := rtps.KindReaderNoKey
	if spec.Keyed {
		kind = rtps.KindReaderWithKey
	}
	e := &endpoint{}
	check := func(c *credentials, t spi.Topic) error { return c.perms.CheckCreateReader(time.Now(), t) }
	err := p.newEndpoint(e, spec.Topic, spec.Type, spec.QoS.Partition, spec.QoS.DataTags, kind, check, func(d *discovery.EndpointData) {
		q := spec.QoS
		d.Reader = &q
		r := newReaderCell(p, d.GUID.Entity, reliable.ReaderConfig{Reliable: q.Reliability.Reliable})
		r.data = d
		if spec.Keyed {
			r.keyOf, r.keyAlone = spec.KeyOf, spec.KeyPayload
		}
		r.cache = history.NewCache(history.CacheConfig{
			Depth: depth(q.History), MaxSamples: q.ResourceLimits.MaxSamples, MaxInstances: q.ResourceLimits.MaxInstances,
			MaxSamplesPerInstance: q.ResourceLimits.MaxSamplesPerInstance, Exclusive: q.Ownership == qos.Exclusive,
		})
		r.borrows = q.History.All
		r.m.SetRoom(r.cache.Room())
		if r.crypto = e.crypto; r.crypto != nil {
			r.submsg = r.crypto.Submessage()
		}
		if p.security != nil {
			r.onMessage, r.requires, r.keyHidden = p.sealing != nil, p.requires(e.attrs), e.attrs.Data == spi.ProtectEncrypt
			r.sealed = e.attrs.Data != spi.ProtectNone
		}
		e.reader = r
	})
	return e.reader, err
}

// How much a writer sends ahead of what is acknowledged. A reader's socket may
// hold no more than 208 KiB, the default of Linux; ours ask for megabytes.
const (
	firstWindow = 128 << 10
	maxWindow   = 3 << 20
)

// askEvery is after how many changes a writer asks for acknowledgement: in
// time, that is, for the history not to fill up.
func askEvery(q *qos.Writer) int {
	most := 512
	if n := q.ResourceLimits.MaxSamples; n > 0 {
		most = min(most, max(n/4, 1))
	}
	return most
}

func depth(h qos.History) int {
	if h.All {
		return 0
	}
	return h.Depth
}

// allows asks access control about a new local endpoint, and returns how it is
// to be protected.
func (c *credentials) allows(t spi.Topic, check func(*credentials, spi.Topic) error) (a spi.EndpointAttributes, err error) {
	if err = c.perms.CheckCreateTopic(time.Now(), t.Name); err != nil {
		return a, err
	}
	if err = check(c, t); err != nil {
		return a, err
	}
	return c.perms.EndpointAttributes(t.Name)
}

// newEndpoint asks access control, makes the keys and the cell, and announces it.
func (p *Participant) newEndpoint(e *endpoint, topic, typ string, partitions []string, labels qos.DataTags, kind byte, check func(*credentials, spi.Topic) error, build func(*discovery.EndpointData)) error {
	var (
		err   error
		about = spi.Topic{Name: topic, Type: typ, Partitions: partitions}
		creds *credentials
	)
	if s := p.security; s != nil {
		about.Tags, err = s.tags(topic, kind == rtps.KindWriterNoKey || kind == rtps.KindWriterWithKey, labels)
		if err != nil {
			return err
		}
		creds = s.creds.Load()
		if e.attrs, err = creds.allows(about, check); err != nil {
			return p.denied("access control", topic, kind, err)
		}
	}
	ok := p.call(func() {
		if s := p.security; s != nil && s.creds.Load() != creds { // they were replaced meanwhile
			if e.attrs, err = s.creds.Load().allows(about, check); err != nil {
				err = p.denied("access control", topic, kind, err)
				return
			}
		}
		p.nextID++
		id := rtps.EntityID{byte(p.nextID >> 16), byte(p.nextID >> 8), byte(p.nextID), kind}
		d := &discovery.EndpointData{
			GUID: rtps.GUID{Prefix: p.guid.Prefix, Entity: id}, Participant: p.guid, Topic: topic, Type: typ,
			Version: rtps.ProtocolVer2_5, Vendor: rtps.VendorSecdds,
		}
		if p.security != nil {
			info := e.attrs.Info
			d.SecurityInfo, d.Secure = &info, e.attrs.DiscoveryProtected
			if d.Secure {
				d.DataTags = about.Tags
			}
		}
		if err = d.Fits(); err != nil {
			err = fmt.Errorf("announcement: %w: %w", ErrBadParameter, err)
			return
		}
		if p.security != nil {
			if e.crypto, err = p.protect(id, e.attrs); err != nil {
				err = p.denied("cryptography", topic, kind, err)
				return
			}
			p.allowed(d, e.attrs)
		}
		build(d)
		e.data = d
		p.addEndpoint(e)
	})
	if !ok {
		return ErrClosed
	}
	return err
}

func (p *Participant) addEndpoint(e *endpoint) {
	now := time.Now()
	p.local[e.data.GUID] = e
	if e.writer != nil {
		ws := maps.Clone(*p.writers.Load())
		ws[e.data.GUID.Entity] = e.writer
		p.writers.Store(&ws)
	}
	p.publishEndpoint(e)
	p.dir.AddLocal(now, e.data, &p.events)
	p.meetSelf(now, e)
	p.settle(now)
}

// publishEndpoint announces a local endpoint.
func (p *Participant) publishEndpoint(e *endpoint) {
	p.announceEndpoint(e, &reliable.Change{Payload: discovery.AppendEndpointPayload(nil, e.data)})
}

// retractEndpoint says that a local endpoint is gone.
func (p *Participant) retractEndpoint(e *endpoint) {
	p.announceEndpoint(e, &reliable.Change{
		Status:  reliable.StatusDisposed | reliable.StatusUnregistered,
		Payload: discovery.AppendEndpointKey(nil, e.data.GUID), IsKey: true,
	})
}

// announceEndpoint publishes a change that stands for a local endpoint, by the
// plain or by the secure SEDP topic, never by both.
func (p *Participant) announceEndpoint(e *endpoint, c *reliable.Change) {
	id := rtps.EntitySEDPSubWriter
	switch {
	case e.writer != nil && e.attrs.DiscoveryProtected:
		id = rtps.EntitySecureSEDPPubWriter
	case e.writer != nil:
		id = rtps.EntitySEDPPubWriter
	case e.attrs.DiscoveryProtected:
		id = rtps.EntitySecureSEDPSubWriter
	}
	g := e.data.GUID
	c.Key, c.HasKey, c.Time = rtps.KeyHash(append(g.Prefix[:], g.Entity[:]...)), true, rtps.TimeOf(time.Now())
	p.builtin.writers[id].publish(g, c)
}

// Remove ends a local endpoint: peers are told, matches end, keys are forgotten.
func (p *Participant) Remove(guid rtps.GUID) {
	p.call(func() {
		e := p.local[guid]
		if e == nil {
			return
		}
		// First of all, so that nobody who waits takes the end of a match for
		// an acknowledgement.
		if e.writer != nil {
			e.writer.stop()
		} else {
			e.reader.stop()
		}
		now := time.Now()
		p.retractEndpoint(e)
		p.dir.RemoveLocal(now, guid, &p.events)
		p.settle(now)
		for k := range p.pairs { // those within this participant
			if k.local == guid || k.remote == guid {
				p.disconnect(now, k)
			}
		}
		delete(p.local, guid)
		if e.writer != nil {
			ws := maps.Clone(*p.writers.Load())
			delete(ws, guid.Entity)
			p.writers.Store(&ws)
		}
		if e.crypto != nil {
			e.crypto.Close()
		}
	})
}
