package engine

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/secdds/dds/internal/admission"
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
}

type pairKey struct{ local, remote rtps.GUID }

// A pair is a local and a remote endpoint that are to be connected.
type pair struct {
	key      pairKey
	peer     *peer
	writer   *Writer // one of them is the local cell
	reader   *Reader
	locs     []rtps.Locator
	reliable bool // the remote side is
	history  bool // the remote side is transient local or better
	strength int32
	lease    time.Duration   // of the remote writer's liveliness; zero: it cannot be lost
	dead     bool            // that liveliness was lost when they met
	topic    spi.Topic       // what the remote side says of itself
	src      *source         // the remote writer, once connected
	gate     *admission.Pair // nil: no security
	self     spi.PairCrypto  // keys of a pair within this participant
	joined   bool
	refused  error
}

func (pr *pair) secure() bool {
	if pr.writer != nil {
		return pr.writer.guid.Entity[0] == 0xff
	}
	return pr.reader.guid.Entity[0] == 0xff
}

func (pr *pair) crypto() spi.EndpointCrypto {
	if pr.writer != nil {
		return pr.writer.crypto
	}
	return pr.reader.crypto
}

func (pr *pair) keys() spi.PairCrypto {
	if pr.self != nil {
		return pr.self
	}
	if pr.gate != nil {
		return pr.gate.Crypto
	}
	return nil
}

// connect lets data flow between the endpoints of a pair.
func (p *Participant) connect(now time.Time, pr *pair) {
	if pr.joined {
		return
	}
	q := pr.peer
	var subs []spi.Receiver
	var opener spi.PayloadOpener
	if k := pr.keys(); k != nil {
		if r := k.Receiver(); r != nil {
			subs = []spi.Receiver{r}
		}
		opener = k.Payload()
	}
	to := target{prefix: q.prefix, locs: pr.locs, recv: q.recv()}
	if pr.reader != nil && pr.reader.sealed && opener == nil {
		p.log.Error("security: no keys to open the payloads of a writer", slog.String("remote", pr.key.remote.String()))
		return
	}
	var kx spi.SubmessageSealer
	if k := q.keys.Load(); k != nil {
		kx = (*k).Kx()
	}
	pr.joined = true
	if w := pr.writer; w != nil {
		w.match(now, &dest{guid: pr.key.remote, peer: q, target: to, subs: subs, kx: kx},
			reliable.ReaderInfo{GUID: pr.key.remote, Reliable: pr.reliable, WantsHistory: pr.history})
		return
	}
	src := &source{guid: pr.key.remote, peer: q, target: to, opener: opener, subs: subs, kx: kx, strength: pr.strength, sealsWhole: q.data.Vendor == rtps.VendorOpenDDS}
	if src.pulse = new(pulse); pr.src != nil {
		src.pulse = pr.src.pulse
		q.removeRoute(pr.key.remote.Entity, pr.reader)
	} else {
		src.pulse.lease = pr.lease
		src.pulse.dead.Store(pr.dead)
	}
	pr.src = src
	q.addRoute(pr.key.remote.Entity, route{pr.reader, src})
	pr.reader.match(now, src, reliable.WriterInfo{GUID: pr.key.remote, Reliable: pr.reliable, TransientLocal: pr.history})
}

// disconnect ends what connect began, and forgets the pair and its keys.
func (p *Participant) disconnect(now time.Time, k pairKey) {
	pr := p.pairs[k]
	if pr == nil {
		return
	}
	delete(p.pairs, k)
	if pr.joined {
		if pr.writer != nil {
			pr.writer.unmatch(now, k.remote)
		} else {
			pr.peer.removeRoute(k.remote.Entity, pr.reader)
			pr.reader.unmatch(now, k.remote)
		}
	}
	if pr.gate != nil {
		pr.gate.Close()
	}
	if pr.self != nil {
		pr.self.Close()
	}
}

func (q *peer) addRoute(writer rtps.EntityID, r route) {
	m := maps.Clone(*q.routes.Load())
	m[writer] = append(slices.Clone(m[writer]), r)
	q.routes.Store(&m)
}

func (q *peer) removeRoute(writer rtps.EntityID, cell *Reader) {
	m := maps.Clone(*q.routes.Load())
	m[writer] = slices.DeleteFunc(slices.Clone(m[writer]), func(r route) bool { return r.cell == cell })
	if len(m[writer]) == 0 {
		delete(m, writer)
	}
	q.routes.Store(&m)
}

// compatible takes two endpoints that discovery found to match to the match gate.
func (p *Participant) compatible(now time.Time, local, remote *discovery.EndpointData, alive bool) {
	e, q := p.local[local.GUID], p.peer(remote.GUID.Prefix)
	if e == nil || q == nil {
		return
	}
	k := pairKey{local.GUID, remote.GUID}
	pr := &pair{key: k, peer: q, writer: e.writer, reader: e.reader, dead: !alive}
	pr.describe(p, remote)
	p.pairs[k] = pr
	switch {
	case p.security == nil:
		p.connect(now, pr)
	case q.prefix == p.guid.Prefix:
		p.connectSelf(now, e, pr)
	case e.attrs.DiscoveryProtected && !remote.Secure:
		pr.refused = errors.New("it was announced by unprotected discovery, and the governance has enable_discovery_protection true for the topic")
		p.event(spi.SeverityWarning, "access control", "endpoint refused", q, remote.Topic, pr.refused)
	default:
		l := admission.Local{GUID: local.GUID, Attributes: e.attrs, Crypto: e.crypto}
		pr.gate = q.gate.NewPair(now, l, admission.RemoteEndpoint{GUID: remote.GUID, Topic: pr.topic, SecurityInfo: remote.SecurityInfo}, &p.adm)
	}
}

// describe takes over what the remote endpoint announces of itself.
func (pr *pair) describe(p *Participant, remote *discovery.EndpointData) {
	pr.locs = pr.peer.user
	if l := p.unicast(remote.Unicast, remote.Multicast); len(l) > 0 {
		pr.locs = l
	}
	pr.topic = spi.Topic{Name: remote.Topic, Type: remote.Type, Partitions: partitions(remote), Tags: remote.DataTags}
	if w := remote.Writer; w != nil {
		pr.reliable, pr.history, pr.strength = w.Reliability.Reliable, w.Durability != qos.Volatile, w.Strength
		pr.lease = leaseOf(w.Liveliness)
	} else {
		pr.reliable, pr.history = remote.Reader.Reliability.Reliable, remote.Reader.Durability != qos.Volatile
	}
}

func (p *Participant) incompatible(local rtps.GUID, remote *discovery.EndpointData, why discovery.Mismatch, policies []qos.ID) {
	e := p.local[local]
	if e == nil {
		return
	}
	p.log.Info("endpoints do not match", slog.String("topic", remote.Topic), slog.String("local", local.String()),
		slog.String("remote", remote.GUID.String()), slog.String("reason", why.String()), slog.Any("policies", policies))
	if why != discovery.PolicyMismatch {
		return
	}
	if e.writer != nil {
		e.writer.addIncompatible(policies)
	} else {
		e.reader.addIncompatible(policies)
	}
}

func (p *Participant) unmatched(now time.Time, local, remote rtps.GUID) {
	p.disconnect(now, pairKey{local, remote})
}

// rematch starts all pairs with a peer over, since its keys are new.
func (p *Participant) rematch(now time.Time, q *peer) {
	type two struct{ local, remote *discovery.EndpointData }
	var again []two
	for k := range p.pairs {
		if k.remote.Prefix == q.prefix {
			if e, d := p.local[k.local], p.dir.Endpoint(k.remote); e != nil && d != nil {
				again = append(again, two{e.data, d})
			}
			p.disconnect(now, k)
		}
	}
	for _, t := range again {
		p.events = append(p.events, discovery.Compatible{Local: t.local, Remote: t.remote, Alive: p.dir.Alive(t.remote.GUID)})
	}
}

// admitSelf makes us our own peer.
func (p *Participant) admitSelf(now time.Time) {
	q := p.newPeer(p.participantData())
	q.admitted = true
	if s := p.security; s != nil {
		var secret spi.SharedSecret
		_, _ = rand.Read(secret.Secret[:])
		keys, err := s.crypto.NewPeer(p.guid, secret)
		if err == nil {
			var toks []spi.Token
			if toks, err = keys.Tokens(); err == nil {
				err = keys.SetTokens(toks)
			}
		}
		if err != nil {
			p.log.Error("security: endpoints of this participant cannot meet each other", slog.String("reason", err.Error()))
			return
		}
		q.keys.Store(&keys)
	}
	p.setPeers(func(m map[rtps.GUIDPrefix]*peer) { m[q.prefix] = q })
}

// meetSelf introduces a new local endpoint to the others of this participant.
func (p *Participant) meetSelf(now time.Time, e *endpoint) {
	if p.peer(p.guid.Prefix) == nil {
		return
	}
	for _, o := range p.local {
		if o == e || o.data.Topic != e.data.Topic {
			continue
		}
		why, policies, ok := discovery.Compare(e.data, o.data)
		switch {
		case !ok:
		case why == 0:
			p.compatible(now, e.data, o.data, true)
			p.compatible(now, o.data, e.data, p.dir.Alive(e.data.GUID))
			p.joinSelf(now, pairKey{e.data.GUID, o.data.GUID})
		default:
			p.incompatible(e.data.GUID, o.data, why, policies)
			p.incompatible(o.data.GUID, e.data, why, policies)
		}
	}
}

// connectSelf makes one half of the keys of a pair within this participant;
// joinSelf exchanges the halves.
func (p *Participant) connectSelf(now time.Time, e *endpoint, pr *pair) {
	if e.crypto == nil {
		p.connect(now, pr)
		return
	}
	c, err := e.crypto.Match(*pr.peer.keys.Load(), pr.key.remote.Entity)
	if err != nil {
		pr.refused = err
		return
	}
	pr.self = c
}

func (p *Participant) joinSelf(now time.Time, k pairKey) {
	a, b := p.pairs[k], p.pairs[pairKey{k.remote, k.local}]
	if a == nil || b == nil || a.self == nil || b.self == nil {
		return
	}
	for _, d := range [2][2]*pair{{a, b}, {b, a}} {
		toks, err := d[0].self.Tokens()
		if err == nil && len(toks) > 0 {
			err = d[1].self.SetTokens(toks)
		}
		if err != nil {
			p.log.Error("security: keys within this participant", slog.String("reason", err.Error()))
			return
		}
	}
	// The reader first: what the writer sends at once must find it.
	if a.reader == nil {
		a, b = b, a
	}
	p.connect(now, a)
	p.connect(now, b)
}

// NewWriter makes a writer and announces it.
func (p *Participant) NewWriter(spec WriterSpec) (*Writer, error) {
	kind := rtps.KindWriterNoKey
	if spec.Keyed {
		kind = rtps.KindWriterWithKey
	}
	e := &endpoint{}
	check := func(t spi.Topic) error { return p.security.perms.CheckCreateWriter(time.Now(), t) }
	err := p.newEndpoint(e, spec.Topic, spec.Type, spec.QoS.Partition, kind, check, func(d *discovery.EndpointData) {
		q := spec.QoS
		d.Writer = &q
		w := newWriterCell(p, d.GUID.Entity, &q, reliable.WriterConfig{})
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
			w.onMessage, w.requires, w.keyHidden = p.sealer != nil, p.requires(e.attrs), e.attrs.Data == spi.ProtectEncrypt
		}
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
	check := func(t spi.Topic) error { return p.security.perms.CheckCreateReader(time.Now(), t) }
	err := p.newEndpoint(e, spec.Topic, spec.Type, spec.QoS.Partition, kind, check, func(d *discovery.EndpointData) {
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
		r.m.SetRoom(r.cache.Room())
		if r.crypto = e.crypto; r.crypto != nil {
			r.submsg = r.crypto.Submessage()
		}
		if p.security != nil {
			r.onMessage, r.requires, r.keyHidden = p.sealer != nil, p.requires(e.attrs), e.attrs.Data == spi.ProtectEncrypt
			r.sealed = e.attrs.Data != spi.ProtectNone
		}
		e.reader = r
	})
	return e.reader, err
}

func depth(h qos.History) int {
	if h.All {
		return 0
	}
	return h.Depth
}

// newEndpoint asks access control, makes the keys and the cell, and announces it.
func (p *Participant) newEndpoint(e *endpoint, topic, typ string, partitions []string, kind byte, check func(spi.Topic) error, build func(*discovery.EndpointData)) error {
	var tags []rtps.Property
	if s := p.security; s != nil {
		now := time.Now()
		if s.Tagging != nil {
			tags = s.Tagging.Tags(topic, kind == rtps.KindWriterNoKey || kind == rtps.KindWriterWithKey)
		}
		if err := s.perms.CheckCreateTopic(now, topic); err != nil {
			return err
		}
		if err := check(spi.Topic{Name: topic, Type: typ, Partitions: partitions, Tags: tags}); err != nil {
			return err
		}
		var err error
		if e.attrs, err = s.perms.EndpointAttributes(topic); err != nil {
			return err
		}
	}
	var err error
	ok := p.call(func() {
		p.nextID++
		id := rtps.EntityID{byte(p.nextID >> 16), byte(p.nextID >> 8), byte(p.nextID), kind}
		if p.security != nil {
			if e.crypto, err = p.protect(id, e.attrs); err != nil {
				return
			}
		}
		d := &discovery.EndpointData{
			GUID: rtps.GUID{Prefix: p.guid.Prefix, Entity: id}, Participant: p.guid, Topic: topic, Type: typ,
			Version: rtps.ProtocolVer2_5, Vendor: rtps.VendorSecdds, DataTags: tags,
		}
		if p.security != nil {
			info := e.attrs.Info
			d.SecurityInfo, d.Secure = &info, e.attrs.DiscoveryProtected
		}
		build(d)
		e.data = d
		p.addEndpoint(e)
	})
	if !ok {
		return ErrClosed
	}
	if err != nil {
		return fmt.Errorf("security: %w", err)
	}
	return nil
}

func (p *Participant) addEndpoint(e *endpoint) {
	now := time.Now()
	p.local[e.data.GUID] = e
	if e.writer != nil {
		ws := maps.Clone(*p.writers.Load())
		ws[e.data.GUID.Entity] = e.writer
		p.writers.Store(&ws)
	}
	p.announceEndpoint(e, &reliable.Change{Payload: discovery.AppendEndpointPayload(nil, e.data)})
	p.dir.AddLocal(now, e.data, &p.events)
	p.meetSelf(now, e)
	p.settle(now)
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
		p.announceEndpoint(e, &reliable.Change{
			Status:  reliable.StatusDisposed | reliable.StatusUnregistered,
			Payload: discovery.AppendEndpointKey(nil, guid), IsKey: true,
		})
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
