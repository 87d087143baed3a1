package engine

import (
	"fmt"
	"math"
	"time"

	"github.com/secdds/dds/internal/discovery"
	"github.com/secdds/dds/internal/reliable"
	"github.com/secdds/dds/qos"
	"github.com/secdds/dds/rtps"
	"github.com/secdds/dds/spi"
)

// builtin are the built-in endpoints: ordinary cells whose consumer is the
// control loop. DDSI-RTPS 2.5, 8.5; DDS-Security 1.1, 7.4.
type builtin struct {
	spdp      reliable.StatelessWriter
	stateless reliable.StatelessWriter
	writers   map[rtps.EntityID]*Writer
	readers   map[rtps.EntityID]*Reader
}

// A channel is a pair of built-in endpoints: our writer to the peer's reader,
// and the peer's writer to our reader.
type channel struct {
	writer, reader       rtps.EntityID
	writerBit, readerBit uint32 // in the peer's set of built-in endpoints
	secure               bool
}

var channels = []channel{
	{rtps.EntitySEDPPubWriter, rtps.EntitySEDPPubReader, discovery.HasPublicationsWriter, discovery.HasPublicationsReader, false},
	{rtps.EntitySEDPSubWriter, rtps.EntitySEDPSubReader, discovery.HasSubscriptionsWriter, discovery.HasSubscriptionsReader, false},
	{rtps.EntityMessageWriter, rtps.EntityMessageReader, discovery.HasMessageWriter, discovery.HasMessageReader, false},
	{rtps.EntitySecureSPDPWriter, rtps.EntitySecureSPDPReader, discovery.HasSecureParticipantWriter, discovery.HasSecureParticipantReader, true},
	{rtps.EntitySecureSEDPPubWriter, rtps.EntitySecureSEDPPubReader, discovery.HasSecurePublicationsWriter, discovery.HasSecurePublicationsReader, true},
	{rtps.EntitySecureSEDPSubWriter, rtps.EntitySecureSEDPSubReader, discovery.HasSecureSubscriptionsWriter, discovery.HasSecureSubscriptionsReader, true},
	{rtps.EntitySecureMessageWriter, rtps.EntitySecureMessageReader, discovery.HasSecureMessageWriter, discovery.HasSecureMessageReader, true},
}

var volatileChannel = channel{rtps.EntityVolatileWriter, rtps.EntityVolatileReader,
	discovery.HasVolatileWriter, discovery.HasVolatileReader, true}

// Built-in writers answer and announce faster than the defaults: discovery is
// what users wait for.
var builtinConfig = reliable.WriterConfig{HeartbeatMin: 20 * time.Millisecond, HeartbeatPeriod: time.Second}

// What the samples of discovery and of key exchange may take.
var builtinReader = reliable.ReaderConfig{Reliable: true, MaxSampleSize: 4 << 20, WindowBytes: 8 << 20}

// Anyone may send handshake messages: memory is for what has come, not for what
// is announced.
var strangerReader = reliable.ReaderConfig{MaxSampleSize: 1 << 20, Reach: 16 << 10}

func newBuiltin(p *Participant) (*builtin, error) {
	b := &builtin{
		spdp:      *reliable.NewStatelessWriter(1),
		stateless: *reliable.NewStatelessWriter(0),
		writers:   make(map[rtps.EntityID]*Writer),
		readers:   make(map[rtps.EntityID]*Reader),
	}
	cells := make(map[rtps.EntityID]*Writer)
	for _, ch := range channels {
		if ch.secure && p.security == nil {
			continue
		}
		if err := b.add(p, ch, qos.TransientLocal); err != nil {
			return nil, err
		}
	}
	if p.security != nil {
		if err := b.add(p, volatileChannel, qos.Volatile); err != nil {
			return nil, err
		}
		// Stateless messages in fragments; whole ones go to the mailbox.
		r := newReaderCell(p, rtps.EntityStatelessReader, strangerReader)
		r.builtin = true
		r.m.SetRoom(inboxRoom)
		b.readers[rtps.EntityStatelessReader] = r
	}
	for id, w := range b.writers {
		w.fitFragments()
		cells[id] = w
	}
	p.writers.Store(&cells)
	return b, nil
}

func (b *builtin) add(p *Participant, ch channel, durability qos.Durability) error {
	q := qos.NewWriter(qos.Reliable(100*time.Millisecond), durability)
	w := newWriterCell(p, ch.writer, &q, builtinConfig)
	r := newReaderCell(p, ch.reader, builtinReader)
	r.builtin = true
	r.m.SetRoom(inboxRoom)
	b.writers[ch.writer], b.readers[ch.reader] = w, r
	if !ch.secure {
		// DDS-Security 1.1, 8.4.2.4: all but announcements, handshakes and key
		// exchange. Who may be unauthenticated has no keys to open it with.
		//
		// Interop: Cyclone DDS 0.10 sends these topics in clear always, and takes
		// them either way.
		seals := p.security != nil && p.sealing != nil && !p.security.attrs.AllowUnauthenticated
		w.onMessage, r.onMessage = seals, seals
		return nil
	}
	if ch.writer == rtps.EntityVolatileWriter {
		// DDS-Security 1.1, 7.4.4: protected by the key exchange key only.
		w.kx, r.kx = true, true
		w.requires, r.requires = shieldKx, shieldKx
		return nil
	}
	var err error
	if w.crypto, err = p.protect(ch.writer, p.security.perms().BuiltinAttributes(ch.writer)); err != nil {
		return err
	}
	if r.crypto, err = p.protect(ch.reader, p.security.perms().BuiltinAttributes(ch.reader)); err != nil {
		return err
	}
	if w.crypto != nil {
		w.submsg = w.crypto.Submessage()
	}
	if r.crypto != nil {
		r.submsg = r.crypto.Submessage()
	}
	w.onMessage, r.onMessage = p.sealing != nil, p.sealing != nil
	need := p.requires(p.security.perms().BuiltinAttributes(ch.writer))
	w.requires, r.requires = need, need
	return nil
}

// protect makes the keys of a local endpoint; nil when it needs none.
func (p *Participant) protect(id rtps.EntityID, a spi.EndpointAttributes) (spi.EndpointCrypto, error) {
	if a.Metadata == spi.ProtectNone && a.Data == spi.ProtectNone {
		return nil, nil
	}
	c, err := p.security.crypto.NewEndpoint(id, a)
	if err != nil {
		return nil, fmt.Errorf("security: keys of endpoint %s: %w", id, err)
	}
	if c == nil || a.Metadata != spi.ProtectNone && c.Submessage() == nil || a.Data != spi.ProtectNone && id.IsWriter() && c.Payload() == nil {
		return nil, fmt.Errorf("security: keys of endpoint %s: the cryptography plugin has none for metadata protection %v and data protection %v", id, a.Metadata, a.Data)
	}
	return c, nil
}

// requires says how what arrives for an endpoint of these attributes must have
// been protected.
func (p *Participant) requires(a spi.EndpointAttributes) shield {
	var s shield
	if p.security.attrs.RTPS != spi.ProtectNone {
		s |= shieldMessage
	}
	if a.Metadata != spi.ProtectNone {
		s |= shieldSubmessage
	}
	return s
}

// A mail is a sample of one of the two topics that are open to strangers.
type mail struct {
	source  rtps.GUIDPrefix
	from    rtps.Locator
	writer  rtps.EntityID
	payload []byte
	status  uint32
	isKey   bool
	key     rtps.KeyHash
	hasKey  bool
}

// maxMails and maxMailOctets are how many of them wait for the control loop; more
// are dropped, as the network might have done. A quarter of the room is for
// participants that are known.
const (
	maxMails      = 1024
	maxMailOctets = 8 << 20
)

func (p *Participant) mail(sc *scope, d *rtps.Data, le bool, from rtps.Locator) {
	q, err := parseInlineQoS(d.InlineQoS, le)
	if err != nil {
		p.drop(dropInlineQoS)
		return
	}
	if sc.source == p.guid.Prefix {
		return // our own announcement, by multicast
	}
	m := mail{
		source: sc.source, from: from, writer: d.Writer,
		payload: append([]byte(nil), d.Payload...), status: q.StatusInfo, isKey: d.IsKey,
		key: q.KeyHash, hasKey: q.HasKeyHash,
	}
	count, octets := maxMails, maxMailOctets
	if sc.peer == nil {
		count, octets = count*3/4, octets*3/4
	}
	p.mailMu.Lock()
	if len(p.mails) >= count || p.mailOctets+len(m.payload) > octets {
		p.mailMu.Unlock()
		p.drop(dropOverflow)
		return
	}
	p.mails = append(p.mails, m)
	p.mailOctets += len(m.payload)
	p.mailMu.Unlock()
	p.wakeControl()
}

func (p *Participant) wakeControl() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// bits is the set of built-in endpoints we announce.
func (p *Participant) bits() uint32 {
	if p.security != nil {
		return discovery.PlainEndpoints | discovery.SecureEndpoints
	}
	return discovery.PlainEndpoints
}

// participantData is what we announce of ourselves.
func (p *Participant) participantData() *discovery.ParticipantData {
	domain := p.cfg.Domain
	d := &discovery.ParticipantData{
		GUID: p.guid, Version: rtps.ProtocolVer2_5, Vendor: rtps.VendorSecdds,
		DomainID: &domain, Lease: p.cfg.Lease, BuiltinEndpoints: p.bits(),
		MetatrafficUnicast: p.conn.MetatrafficUnicast(), MetatrafficMulticast: p.conn.MetatrafficMulticast(),
		DefaultUnicast: p.conn.DefaultUnicast(), DefaultMulticast: p.conn.DefaultMulticast(),
		UserData: p.cfg.UserData, EntityName: p.cfg.Name, Properties: p.cfg.Properties,
	}
	if p.cfg.NoMulticast {
		d.MetatrafficMulticast, d.DefaultMulticast = nil, nil
	}
	switch s := p.security; {
	case s != nil:
		id, perm, info := s.identity().Token(), s.perms().Token(), s.attrs.Info
		d.IdentityToken, d.PermissionsToken, d.SecurityInfo = &id, &perm, &info
		if a, ok := s.identity().(spi.AlgorithmAnnouncer); ok {
			d.Algorithms = a.Algorithms()
		}
	case p.opensPSK != nil:
		info := pskInfo(p.cfg.Security.PreSharedKey.Kind())
		d.SecurityInfo = &info
	}
	return d
}

// announce sends our SPDP sample to the multicast address and every initial
// peer, or to the given locators only. DDSI-RTPS 2.5, 8.5.3.
func (p *Participant) announce(to []rtps.Locator) {
	if p.left {
		return
	}
	p.sendStateless(&p.builtin.spdp, rtps.EntitySPDPWriter, &reliable.Change{
		Time: rtps.TimeOf(time.Now()), Payload: discovery.AppendParticipantPayload(nil, p.participantData()),
	}, rtps.GUIDPrefix{}, to)
}

// sendStateless sends one change of a stateless built-in writer.
func (p *Participant) sendStateless(w *reliable.StatelessWriter, id rtps.EntityID, c *reliable.Change, prefix rtps.GUIDPrefix, to []rtps.Locator) {
	if len(to) == 0 {
		return
	}
	var out reliable.Outbox
	w.Write(c, &out)
	l := p.lane()
	l.aim(&target{prefix: prefix, locs: to, pack: p.maxMessage}, false)
	l.stamp(c.Time)
	var q []byte
	if c.Status != 0 {
		q = rtps.AppendInlineQoS(nil, &rtps.InlineQoS{HasStatus: true, StatusInfo: c.Status, HasKeyHash: c.HasKey, KeyHash: c.Key})
	}
	if most := min(p.maxMessage-leastMessage/2, math.MaxUint16); len(c.Payload) > most && id == rtps.EntityStatelessWriter {
		l.fragments(c, most&^7)
	} else {
		l.msg = rtps.Data{Writer: id, SN: c.SN, InlineQoS: q, Payload: c.Payload, IsKey: c.IsKey}.Append(l.msg)
	}
	l.release()
}

// fragments adds a sample of the stateless topic that is longer than a message:
// certificates and permissions in a handshake may be. A piece that is lost comes
// again with the whole. DDSI-RTPS 2.5, 8.3.8.3.
func (l *lane) fragments(c *reliable.Change, size int) {
	first := rtps.FragmentNumber(1)
	for rest := c.Payload; len(rest) > 0; first++ {
		n := min(size, len(rest))
		l.room(infoTSLen + dataFragLen + n)
		l.stamp(c.Time)
		l.msg = rtps.DataFrag{
			Writer: rtps.EntityStatelessWriter, SN: c.SN, First: first, Count: 1,
			FragmentSize: uint16(size), SampleSize: uint32(len(c.Payload)), Payload: rest[:n],
		}.Append(l.msg)
		rest = rest[n:]
	}
}

// farewell tells everyone that we leave. DDSI-RTPS 2.5, 8.5.3.2; on the secure
// topic too, since peers do not believe the plain one.
func (p *Participant) farewell() {
	c := p.disposal()
	if w := p.builtin.writers[rtps.EntitySecureSPDPWriter]; w != nil {
		secure := c
		w.publish(p.guid, &secure)
	}
	to := append([]rtps.Locator(nil), p.initial...)
	for _, q := range *p.peers.Load() {
		if q.prefix != p.guid.Prefix {
			to = append(to, q.meta...)
		}
	}
	p.sendStateless(&p.builtin.spdp, rtps.EntitySPDPWriter, &c, rtps.GUIDPrefix{}, to)
}
